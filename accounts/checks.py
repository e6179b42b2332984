from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def demo_sign_in_is_local(**_options: Any) -> list[CheckMessage]:
    """Refuses to start a reachable service on which everybody may sign in by a button."""
    if settings.DEMO_SIGN_IN_EMAIL is None or settings.DEBUG:
        return []
    return [
        Error(
            "DEMO_SIGN_IN_EMAIL is set while DEBUG is off: anybody could sign in as that user.",
            hint="Leave it to config/settings/local.py.",
            id="accounts.E001",
        )
    ]
