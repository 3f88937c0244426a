"""Settings of the sandbox process alone. It is a toy on the loopback: no login, no admin, no secrets of the product."""

import os
from pathlib import Path

VAR_DIR = Path(os.environ.get("VAR_DIR", "var"))
HERE = Path(__file__).resolve().parent

# Django wants a key; nothing here is signed with it, since there are neither sessions nor cookies.
SECRET_KEY = "sandbox-signs-nothing-with-this"  # noqa: S105
DEBUG = False
# Any address-bar name would let a web page elsewhere reach the toy by DNS rebinding, so only these.
ALLOWED_HOSTS = [*os.environ.get("SANDBOX_HOSTS", "127.0.0.1,localhost,[::1]").split(","), "testserver"]

INSTALLED_APPS = ["django.contrib.staticfiles", "apps.sandbox.apps.SandboxConfig"]
MIDDLEWARE = [
    "apps.sandbox.page.SafeHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
ROOT_URLCONF = "apps.sandbox.urls"
WSGI_APPLICATION = "apps.sandbox.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
APPEND_SLASH = False

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "sandbox.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            # A transaction that starts as a reader and then writes may be refused at once, whatever the timeout.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = os.environ.get("SANDBOX_AUTORELOAD") == "1"
WHITENOISE_MAX_AGE = 0

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
# Meta takes media of 100 MB; the toy is content with less, and keeps it in memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Refusals are what the toy is for: they are answers, not news.
        "django.request": {"level": "ERROR"},
        "apps.sandbox": {"level": "INFO"},
    },
}

# Used when an account is made without a token of its own.
SANDBOX_TOKEN = os.environ.get("SANDBOX_TOKEN", "")
