"""Settings, all from the environment (names in .env.example). What operators change while it runs lives in the database.

`INSTALLED_APPS` in the order of the house, top floor first, is the shortest description of the architecture.
"""

import os

import environ
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from portal import places

BASE_DIR = places.BASE_DIR
VAR_DIR = places.var_dir()
os.environ["VAR_DIR"] = str(VAR_DIR)  # core.clock is plain Python and reads it there

env = environ.Env()
if (VAR_DIR / ".env").exists():  # written by `manage.py up`; the real environment wins over it
    environ.Env.read_env(VAR_DIR / ".env", overwrite=False)

# --- who we are -------------------------------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY")
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS")
DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=False)
BASE_URL = env("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []
COMPANY_NAME = env("COMPANY_NAME", default="Recado")

# --- the house --------------------------------------------------------------------------------------------------------
HOUSE = [
    "apps.console",
    "apps.health",
    "apps.inbox",
    "apps.approvals",
    "apps.incidents",
    "apps.conversations",
    "apps.forms",
    "apps.outbox",
    "apps.contacts",
    "apps.providers",
    "apps.people",
    "apps.files",
    "apps.journal",
    "apps.timers",
]
INSTALLED_APPS = [
    "portal",
    "unfold.apps.BasicAppConfig",  # the plain "unfold" would put its own site in place of console's
    "portal.site.RecadoAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    *HOUSE,  # after the packages whose screens they register anew
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.console.middleware.CorrelationMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'recado.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL lets readers go on while one writer writes; IMMEDIATE takes the write lock at BEGIN, so that two writers queue
    # for up to `timeout` seconds instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# --- workers ----------------------------------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", default=f"redis+socket://{places.valkey_socket(VAR_DIR)}")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Reserved tasks of a killed worker come back after this; no task of ours runs longer than 5 minutes.
# Without `max_retries` a nudge to a broker that is away waits six seconds inside the request that commits.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "max_retries": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue("default"), *(Queue(app.split(".")[-1]) for app in HOUSE)]
CELERY_TASK_ROUTES = ("apps.core.tasks.route",)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
# Nudges do the work; these sweeps find what a lost nudge forgot. `expire_seconds` keeps a stopped worker from finding a heap.
CELERY_BEAT_SCHEDULE = {
    "timers: fire what is due": {"task": "timers.sweep", "schedule": 1.0, "options": {"expire_seconds": 5}},
    "inbox: take up what waits": {"task": "inbox.sweep", "schedule": 2.0, "options": {"expire_seconds": 5}},
    "outbox: send what waits": {"task": "outbox.sweep", "schedule": 2.0, "options": {"expire_seconds": 5}},
    "journal: seal and react": {"task": "journal.advance", "schedule": 3.0, "options": {"expire_seconds": 5}},
    "journal: write the anchor": {"task": "journal.anchor", "schedule": 3600.0, "options": {"expire_seconds": 600}},
}

# --- signing in -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/admin/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- languages and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True
FORMS_URLFIELD_ASSUME_HTTPS = True  # what Django 6 does anyway: an address typed without a scheme is https

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A webhook carries up to 3 MB (Meta, webhooks overview); anything larger gets 413 before it is read into memory.
INBOX_LARGEST_BODY = 3 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = INBOX_LARGEST_BODY

# --- sending ----------------------------------------------------------------------------------------------------------
OUTBOX_THREADS = env.int("OUTBOX_THREADS", default=16)  # sends at the same time, per worker process
OUTBOX_UNSURE_GRACE = env.int("OUTBOX_UNSURE_GRACE", default=60)  # seconds to wait for a status before sending again

# --- safety -----------------------------------------------------------------------------------------------------------
_is_https = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = _is_https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
SECURE_HSTS_PRELOAD = _is_https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_NAME = "recado_session"
CSRF_COOKIE_NAME = "recado_csrf"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- log --------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"celery.worker.strategy": {"level": "WARNING"}, "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"}, "django_celery_beat": {"level": "WARNING"}},
}  # fmt: skip

UNFOLD = {
    "SITE_TITLE": "Recado",
    "SITE_HEADER": "Recado",
    "SITE_SUBHEADER": _("messages that get answered"),
    "SITE_SYMBOL": "forum",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("recado/icon.svg")}],
    "STYLES": [lambda request: static("recado/desk.css")],
    "SCRIPTS": [lambda request: static("recado/desk.js")],
    # Emerald, a step darker than the theme's own weights: white on 600 and 600 on white both pass WCAG AA (4.5:1).
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.113)",
            "100": "oklch(95% .052 163.051)",
            "200": "oklch(90.5% .093 164.15)",
            "300": "oklch(84.5% .143 164.978)",
            "400": "oklch(76.5% .177 163.223)",
            "500": "oklch(69.6% .17 162.48)",
            "600": "oklch(50.8% .118 165.612)",
            "700": "oklch(43.2% .095 166.913)",
            "800": "oklch(37.8% .077 168.94)",
            "900": "oklch(32% .065 169)",
            "950": "oklch(26.2% .051 172.552)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "apps.console.navigation.sidebar",
    },
}
