"""The test suite: the same parts as in production, with own secrets.

The servers are the embedded ones under .run/, started by tests/conftest.py, unless DATABASE_URL and REDIS_URL name
others. Each pytest process, those of xdist included, has a database and a Redis database of its own.
"""

from sandbox import servers

# A number of this process' own; DATABASE_URL and REDIS_URL lead to its servers.
RUN = servers.claim_for_tests()

from config.settings.base import *  # noqa: E402  # base reads the two
from config.settings.base import DATABASES  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": f"test_fixci_{RUN}"}

SECRET_KEY = "tests-only-" + "x" * 40
SALT_KEY = "tests-only-salt"
ALLOWED_HOSTS = ["*"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Straight from the sources: nothing is collected here.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
