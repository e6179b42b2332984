from config.settings.test import *
from config.settings.test import DATABASES

ROOT_URLCONF = "tests.bench.webhook_urls"
GITHUB_APP_ID = "1"
GITHUB_APP_PRIVATE_KEY = "nothing is signed here"
GITHUB_WEBHOOK_SECRET = "bench"
DATABASES["default"]["NAME"] = "fixci_bench"
