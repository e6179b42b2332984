"""What every environment shares. Values that differ come from the environment, read by django-environ.

Units: seconds and bytes, unless a name says otherwise.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
import structlog

# ModelAdmin[User] and the like, at run time too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()

# --- Django ---------------------------------------------------------------------------------------------------------

SECRET_KEY: str = env("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
# django-fernet-encrypted-fields derives its key from SECRET_KEY and this salt.
SALT_KEY: str = env("SALT_KEY", default="")
DEBUG = False
# auth.W004 looks for unique=True; the user's e-mail has a unique constraint on its lower case instead.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
PUBLIC_URL: str = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "config.apps.FixciAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "django_structlog",
    "djstripe",
    "accounts",
    "orgs",
    "billing",
    "metering",
    "ci_analysis",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.request_log.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orgs.context_processors.organizations",
            ],
        },
    },
]

# --- Databases and caches -------------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///fixci")}
DATABASES["default"].update(
    # The pool hands out connections per request; a kept-open connection a thread would defeat it.
    CONN_MAX_AGE=0,
    OPTIONS={
        **DATABASES["default"].get("OPTIONS", {}),  # such as sslmode, from the URL
        "pool": {
            "min_size": env.int("DATABASE_POOL_MIN", default=1),
            "max_size": env.int("DATABASE_POOL_MAX", default=8),
            "timeout": 10,
        },
    },
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In redis-py's form: redis://, rediss:// or unix:///path?db=0.
REDIS_URL: str = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- Tasks ----------------------------------------------------------------------------------------------------------

# kombu and redis-py spell a Unix socket, and a database on it, differently.
CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
# A task is done when it has returned, not when it was received: a killed worker's task comes back.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 15 * 60
CELERY_TASK_TIME_LIMIT = 16 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, or the broker would hand a running task to a second worker.
    "visibility_timeout": 20 * 60,
    # A request does not wait for a broker that is down: the sweeper enqueues later what could not be sent.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# What beat asks for and no worker takes before the next time is dropped: it would only be done twice.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {
        "task": "ci_analysis.tasks.sweep",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "request-redelivery": {
        "task": "ci_analysis.tasks.request_redelivery",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "prune-deliveries": {"task": "ci_analysis.tasks.prune_deliveries", "schedule": timedelta(days=1)},
}

# --- People ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["sesame.backends.ModelBackend"]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
SESAME_MAX_AGE = 10 * 60
SESAME_ONE_TIME = True
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
# The address that `make run` signs in with a button. Only the local settings give it a value.
DEMO_SIGN_IN_EMAIL: str | None = None

# --- Pages ----------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "display-capture")
}

# --- GitHub ---------------------------------------------------------------------------------------------------------

# The App's secrets come from here, or from the row that the manifest flow stored encrypted (GitHubApp).
GITHUB_APP_ID: str = env("GITHUB_APP_ID", default="")
GITHUB_APP_SLUG: str = env("GITHUB_APP_SLUG", default="")
GITHUB_APP_PRIVATE_KEY: str = env("GITHUB_APP_PRIVATE_KEY", default="").replace("\\n", "\n")
GITHUB_WEBHOOK_SECRET: str = env("GITHUB_WEBHOOK_SECRET", default="")
GITHUB_API_URL: str = env("GITHUB_API_URL", default="https://api.github.com").rstrip("/")
GITHUB_WEB_URL: str = env("GITHUB_WEB_URL", default="https://github.com").rstrip("/")
# Where the redirect of a job's log may lead: hosts or their parent domains.
GITHUB_LOG_HOSTS: list[str] = env.list(
    "GITHUB_LOG_HOSTS",
    default=["blob.core.windows.net", "actions.githubusercontent.com"],
)
# GitHub does not send larger deliveries (docs: webhook payload cap).
GITHUB_WEBHOOK_MAX_BYTES = 25 * 1024 * 1024
GITHUB_LOG_MAX_BYTES: int = env.int("GITHUB_LOG_MAX_BYTES", default=512 * 1024 * 1024)
# The longest of 17,906 job logs that were measured had 2.9 million lines (docs/decisions/0007).
GITHUB_LOG_MAX_LINES: int = env.int("GITHUB_LOG_MAX_LINES", default=10_000_000)
GITHUB_LOG_MAX_SECONDS: int = env.int("GITHUB_LOG_MAX_SECONDS", default=120)
# More failed jobs than this in one run say the same thing again (a matrix); the rest is counted, not read.
GITHUB_MAX_JOBS_READ: int = env.int("GITHUB_MAX_JOBS_READ", default=50)

# Attempts at what may succeed later (log not ready, GitHub down), with backoff from the first to the last delay.
ANALYSIS_MAX_ATTEMPTS: int = env.int("ANALYSIS_MAX_ATTEMPTS", default=8)
ANALYSIS_RETRY_BASE_SECONDS: int = env.int("ANALYSIS_RETRY_BASE_SECONDS", default=5)
ANALYSIS_RETRY_MAX_SECONDS: int = env.int("ANALYSIS_RETRY_MAX_SECONDS", default=600)
# How long GitHub may be down before we stop asking for what was wanted from it.
OUTAGE_SECONDS: int = env.int("OUTAGE_SECONDS", default=24 * 3600)
# A worker that holds a row longer than this without a sign of life is taken for dead. It is given after
# each download and each search; the engine needs two minutes for the worst log within the caps.
LEASE_SECONDS: int = env.int("LEASE_SECONDS", default=6 * 60)
# What was stored and not taken up within this time is enqueued again by the sweeper.
SWEEP_AFTER_SECONDS: int = env.int("SWEEP_AFTER_SECONDS", default=60)
DELIVERY_KEPT_DAYS = 30

# --- Stripe (dj-stripe is a mirror; facts and traps: docs/decisions) --------------------------------------------------

STRIPE_LIVE_MODE: bool = env.bool("STRIPE_LIVE_MODE", default=False)
STRIPE_TEST_SECRET_KEY: str = env("STRIPE_TEST_SECRET_KEY", default="")
STRIPE_LIVE_SECRET_KEY: str = env("STRIPE_LIVE_SECRET_KEY", default="")
# Without it the SDK's own version would be used silently and move with each upgrade.
STRIPE_API_VERSION = "2026-05-27.dahlia"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "orgs.Organization"
DJSTRIPE_SUBSCRIBER_MODEL_MIGRATION_DEPENDENCY = "0001_initial"

# --- Logs -----------------------------------------------------------------------------------------------------------

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Without the values of local variables: they hold keys and log text.
_console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
_remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                _remove_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _shared_processors,
        },
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [_remove_meta, _console],
            "foreign_pre_chain": _shared_processors,
        },
    },
    "handlers": {"default": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["default"], "level": "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}, "githubkit": {"level": "WARNING"}},
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
