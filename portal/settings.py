"""Settings, all from the environment (names in .env.example). What operators change while it runs lives in the database.

`INSTALLED_APPS` in the order of the house, top floor first, is the shortest description of the architecture.
"""

import os

import environ
from kombu import Queue

from portal import places
from portal.packages import *  # noqa: F403

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
    "apps.api",
    "apps.web",
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
    "apps.calendars",
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
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
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
    "allauth.account.middleware.AccountMiddleware",
    "apps.people.signin.middleware.LastSeenMiddleware",
    "apps.people.signin.middleware.SecondFactorMiddleware",
    "apps.people.signin.middleware.OwnClockMiddleware",
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
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds
# The door's one statement stays prepared. Off for a pooler that forgets statements (PgBouncer before 1.21 by transaction).
DATABASE_PREPARED = env.bool("DATABASE_PREPARED", default=True)

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
CELERY_TASK_QUEUES = [Queue("default"), Queue("sending"), *(Queue(app.split(".")[-1]) for app in HOUSE)]
CELERY_TASK_ROUTES = ("apps.core.tasks.route",)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
# Nudges do the work; these sweeps find what a lost nudge forgot. `expire_seconds` keeps a stopped worker from finding a heap.
CELERY_BEAT_SCHEDULE = {
    "timers: fire what is due": {"task": "timers.sweep", "schedule": 1.0, "options": {"expire_seconds": 5}},
    "inbox: take up what waits": {"task": "inbox.sweep", "schedule": 2.0, "options": {"expire_seconds": 5}},
    "inbox: remove what is old": {"task": "inbox.clean", "schedule": 3600.0, "options": {"expire_seconds": 600}},
    "outbox: send what waits": {"task": "outbox.sweep", "schedule": 2.0, "options": {"expire_seconds": 5}},
    "providers: ask about templates": {"task": "providers.look", "schedule": 60.0, "options": {"expire_seconds": 50}},
    "providers: fetch all templates": {
        "task": "providers.fetch",
        "schedule": 3600.0,
        "options": {"expire_seconds": 600},
    },
    "journal: seal and react": {"task": "journal.sweep", "schedule": 3.0, "options": {"expire_seconds": 5}},
    "health: feel the pulse": {"task": "health.pulse", "schedule": 30.0, "options": {"expire_seconds": 25}},
    "health: ask WhatsApp about every account": {
        "task": "health.check_accounts",
        "schedule": 21600.0,
        "options": {"expire_seconds": 600},
    },
    "calendars: bring in later years": {
        "task": "calendars.extend",
        "schedule": 21600.0,
        "options": {"expire_seconds": 600},
    },
    "people: go on with imports": {"task": "people.run_imports", "schedule": 5.0, "options": {"expire_seconds": 5}},
    "people: go on with work on many rows": {
        "task": "people.run_bulk",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "people: remove rows of old imports": {
        "task": "people.clean_imports",
        "schedule": 3600.0,
        "options": {"expire_seconds": 600},
    },
    "api: remove old answers": {"task": "api.clean", "schedule": 3600.0, "options": {"expire_seconds": 600}},
    "people: forget old sessions": {
        "task": "people.clean_sessions",
        "schedule": 21600.0,
        "options": {"expire_seconds": 600},
    },
    "contacts: go on inviting": {"task": "contacts.invite", "schedule": 20.0, "options": {"expire_seconds": 15}},
    "contacts: mail invitations": {"task": "contacts.mail", "schedule": 30.0, "options": {"expire_seconds": 25}},
    "web: mail links": {"task": "web.mail", "schedule": 30.0, "options": {"expire_seconds": 25}},
    "journal: write the anchor": {"task": "journal.anchor", "schedule": 3600.0, "options": {"expire_seconds": 600}},
}

# --- signing in -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["apps.people.signin.backend.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/admin/"
SESSION_COOKIE_AGE = env.int("SIGN_IN_HOURS", default=12) * 3600
SESSION_SERIALIZER = "apps.core.encryption.EncryptedSerializer"  # a session holds a new factor's secret for a minute
# Groups, and "superuser", that reach nothing before they have a second factor.
SECOND_FACTOR_ROLES = env.list(
    "SECOND_FACTOR_ROLES", default=["superuser", "HR", "Operator", "Auditor", "Automation owner"]
)
LOCK_OUT = {"attempts": env.int("LOCK_OUT_ATTEMPTS", default=5), "minutes": env.int("LOCK_OUT_MINUTES", default=10)}
OIDC = {
    "name": env("OIDC_NAME", default=""),
    "issuer": env("OIDC_ISSUER", default="").rstrip("/"),
    "client_id": env("OIDC_CLIENT_ID", default=""),
    "client_secret": env("OIDC_CLIENT_SECRET", default=""),
    "is_required": env.bool("OIDC_REQUIRED", default=False),
    "is_second_factor": env.bool("OIDC_IS_SECOND_FACTOR", default=False),
}
MFA_TOTP_ISSUER = COMPANY_NAME
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Counts of wrong passwords and used codes. Without its server every process counts by itself, so that people can still sign in.
CACHES = {
    "default": {
        "BACKEND": "apps.core.cache.CarefulCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://", 1),
        "KEY_PREFIX": "{recado}:cache",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
}

# --- languages and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True
FORMS_URLFIELD_ASSUME_HTTPS = True  # what Django 6 does anyway: an address typed without a scheme is https

# --- templates --------------------------------------------------------------------------------------------------------
# A text with fewer other words per name in braces gets a warning: Meta refuses it as too short, but publishes no number.
TEMPLATE_WORDS_PER_NAME = env.int("TEMPLATE_WORDS_PER_NAME", default=2)

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
# What comes in may be this large, by what the carrier calls it (Meta, media), in bytes.
FILES_LARGEST = {
    "image": env.int("FILES_LARGEST_IMAGE", default=5) * 1024**2,
    "video": env.int("FILES_LARGEST_VIDEO", default=16) * 1024**2,
    "audio": env.int("FILES_LARGEST_AUDIO", default=16) * 1024**2,
    "sticker": env.int("FILES_LARGEST_STICKER", default=1) * 1024**2,
    "document": env.int("FILES_LARGEST_DOCUMENT", default=100) * 1024**2,
}
# Unfolded, a picture takes up to four bytes per pixel of a worker's memory. A phone's camera makes 12 to 50 million.
FILES_MOST_PIXELS = env.int("FILES_MOST_PIXELS", default=50_000_000)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A webhook carries up to 3 MB (Meta, webhooks overview); anything larger gets 413 before it is read into memory.
INBOX_LARGEST_BODY = 3 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = INBOX_LARGEST_BODY
# Days that the bodies of webhooks stay readable and can be replayed.
INBOX_KEEP_DAYS = env.int("INBOX_KEEP_DAYS", default=30)

# --- people -----------------------------------------------------------------------------------------------------------
# Days that the rows of an import of people stay readable. The import itself, its counts and the journal stay.
PEOPLE_IMPORT_KEEP_DAYS = env.int("PEOPLE_IMPORT_KEEP_DAYS", default=30)

# --- sending ----------------------------------------------------------------------------------------------------------
OUTBOX_IN_FLIGHT = env.int("OUTBOX_IN_FLIGHT", default=100)  # sends at the same time, per dispatcher
# Messages that the person did not cause, in any 24 hours; 0: no limit. Urgent ones bypass it. UNSOURCED: our own manners.
OUTBOX_PERSON_PER_DAY = env.int("OUTBOX_PERSON_PER_DAY", default=20)
OUTBOX_UNSURE_GRACE = env.int("OUTBOX_UNSURE_GRACE", default=60)  # seconds to wait for a status before sending again

# --- e-mail -----------------------------------------------------------------------------------------------------------
# smtp+tls://user:password@host:587 and the like (django-environ). Without one nothing is mailed; a demo writes into a folder.
EMAIL_URL = env("EMAIL_URL", default="")
EMAIL_IS_SET_UP = bool(EMAIL_URL) or SANDBOX
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if SANDBOX else 'dummy'}.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"{COMPANY_NAME} <recado@localhost>")

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
# How many proxies of ours stand in front: so many addresses from the right of X-Forwarded-For are believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- the API ----------------------------------------------------------------------------------------------------------
API_LARGEST_BODY = env.int("API_LARGEST_BODY", default=1024 * 1024)  # bytes; never above DATA_UPLOAD_MAX_MEMORY_SIZE
API_PER_MINUTE = env.int("API_PER_MINUTE", default=600)  # requests, per key or person
SCIM_PER_MINUTE = env.int("SCIM_PER_MINUTE", default=3000)  # Entra ID wants 25 a second to be taken

# --- pages by link ----------------------------------------------------------------------------------------------------
WEB_LINK_DAYS = env.int("WEB_LINK_DAYS", default=7)  # how long a link is good
WEB_STEP_UP_MINUTES = env.int(
    "WEB_STEP_UP_MINUTES", default=30
)  # one that went into the chat, to decide on a large sum
WEB_LARGEST_BODY_MB = env.int("WEB_LARGEST_BODY_MB", default=60)  # a form with all its photos

# --- log --------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"tokens": {"()": "apps.core.masking.MaskTokens"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["tokens"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"celery.worker.strategy": {"level": "WARNING"}, "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"}, "django_celery_beat": {"level": "WARNING"},
                # At DEBUG it would write addresses, and Meta wants a token in one of them.
                "urllib3": {"level": "INFO"}},
}  # fmt: skip
