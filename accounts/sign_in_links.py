"""One-time links that sign a person in. They are the only way in: there are no passwords.

A token is bound to the user's last sign-in, so that it is spent by the first use and by any other sign-in, and ends
after SESAME_MAX_AGE seconds.
"""

from urllib.parse import urlencode

import sesame.settings
import sesame.utils
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User

TOKEN = sesame.settings.TOKEN_NAME
"""The name of the token's parameter in the link and in the form."""


def create(user: User, *, next_path: str = "") -> str:
    """The absolute address of a link; `next_path` is where it leads after signing in."""
    parameters = sesame.utils.get_parameters(user) | ({"next": next_path} if next_path else {})
    return f"{settings.PUBLIC_URL}{reverse('accounts:sign_in_link')}?{urlencode(parameters)}"


def user_of(token: str) -> User | None:
    """Whom the token would sign in. Looking does not use it up. None: it is wrong, expired or used."""
    user = sesame.utils.get_user(token, update_last_login=False)
    return user if isinstance(user, User) else None


def redeem(request: HttpRequest, token: str) -> User | None:
    """Sign the token's user in, under a new session key, and use the token up. None as in user_of()."""
    user = user_of(token)
    if user is None:
        return None
    with transaction.atomic():
        # Of two requests with one token, the second waits here and then finds it used.
        User.objects.select_for_update().get(pk=user.pk)
        user = user_of(token)
        if user is not None:
            auth.login(request, user)
    return user
