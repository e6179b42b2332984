"""`make run`: everything on loopback, demo sign-in by a button. Never for a reachable machine."""

import os

from sandbox import servers

os.environ.setdefault("DATABASE_URL", servers.database_url("dev"))
os.environ.setdefault("REDIS_URL", servers.redis_url("dev"))

from config.settings.base import *  # base reads the two
from config.settings.base import LOGGING, SALT_KEY, SECRET_KEY

DEBUG = True
SECRET_KEY = SECRET_KEY or "local-only-not-a-secret-" + "x" * 32
SALT_KEY = SALT_KEY or "local-only-salt"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
DEMO_SIGN_IN_EMAIL = "demo@fixci.example"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING["handlers"]["default"]["formatter"] = "console"
# The shape that dj-stripe demands of a key; it belongs to nobody.
STRIPE_TEST_SECRET_KEY = "sk_test_" + "local" * 6
# Straight from the sources: nothing is collected here.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
