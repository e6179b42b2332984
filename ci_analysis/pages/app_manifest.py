"""Creating the GitHub App by GitHub's manifest flow: a form leads to GitHub, GitHub comes back with a code.

The way there and back is tied to the browser's session by a signed state, good for one return within an hour, which
is also how long GitHub's code is good for.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.urls import reverse

# What is asked for, and what each is needed for. GitHub shows the same list to whoever installs the App.
PERMISSIONS = (
    ("metadata", "read", "Names of repositories and branches. GitHub gives it to every App."),
    ("actions", "read", "Which runs failed, their jobs, and the logs of the failed jobs."),
    ("checks", "write", "A check run beside the failed one, with notes at the lines of code that failed."),
    ("pull_requests", "write", "The one comment on the pull request that says why it is red."),
    ("contents", "read", "The pull requests that a commit belongs to. No file is read."),
)
EVENTS = (
    ("workflow_run", "A run has ended: a failed one is read, a green one turns the comment green."),
    ("check_run", "Somebody pressed “Re-run” at our check run: the logs are read again."),
)

STATE_SECONDS = 3600
_SALT = "ci_analysis.app_manifest"
_SESSION_KEY = "github_app_setup"
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")


class StateError(Exception):
    """The return from GitHub does not belong to a form that this browser has sent. str() is for the reader."""


@dataclass(frozen=True)
class ManifestForm:
    """The form that leads to GitHub: POST `manifest` to `action`."""

    action: str
    manifest: str


def is_organization(name: str) -> bool:
    """Whether GitHub allows an account of this name."""
    return _ORGANIZATION.fullmatch(name) is not None


def form(session: SessionBase, *, organization: str, replace: bool) -> ManifestForm:
    """A new form, for the organization's App or, with "", for the user's own. `replace`: a stored App may be lost."""
    nonce = session.setdefault(_SESSION_KEY, secrets.token_urlsafe(16))
    state = signing.dumps({"nonce": nonce, "replace": replace}, salt=_SALT)
    owner = f"/organizations/{quote(organization)}" if organization else ""
    action = f"{settings.GITHUB_WEB_URL}{owner}/settings/apps/new?state={quote(state)}"
    return ManifestForm(action, json.dumps(manifest()))


def take_state(session: SessionBase, state: str) -> bool:
    """Whether the form that GitHub answers allowed to replace a stored App. Uses the state up. Raises StateError."""
    nonce = session.pop(_SESSION_KEY, "")
    try:
        content = signing.loads(state, salt=_SALT, max_age=STATE_SECONDS)
    except signing.SignatureExpired:
        raise StateError("More than an hour has passed since you left for GitHub.") from None
    except signing.BadSignature:
        raise StateError("The address does not carry the state that we sent along.") from None
    if not nonce or not secrets.compare_digest(content["nonce"], nonce):
        raise StateError("This return was used before, or belongs to another browser.")
    return bool(content["replace"])


def manifest() -> dict[str, object]:
    """What GitHub is asked to create. Everything can still be changed on its page, the name above all."""
    return {
        "name": "FixCI",
        "description": "Says on the pull request why CI failed.",
        "url": settings.PUBLIC_URL,
        "hook_attributes": {"url": _absolute(reverse("ci_analysis:github_webhook")), "active": True},
        "redirect_url": _absolute(reverse("ci_analysis:github_app_created")),
        "setup_url": _absolute(reverse("home")),
        "public": True,
        "default_permissions": {name: level for name, level, _ in PERMISSIONS},
        "default_events": [name for name, _ in EVENTS],
    }


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"
