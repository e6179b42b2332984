from config.settings.test import *
from config.settings.test import DATABASES

ROOT_URLCONF = "tests.bench.webhook_urls"
GITHUB_WEBHOOK_SECRET = "bench"
DATABASES["default"]["NAME"] = "fixci_bench"
LOGGING = {"version": 1, "disable_existing_loggers": True}
