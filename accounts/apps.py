from django.apps import AppConfig
from django.core import checks

from accounts.checks import demo_sign_in_is_local


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        checks.register(demo_sign_in_is_local, checks.Tags.security)
