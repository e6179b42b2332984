"""Creating the GitHub App: for superusers, once for the whole service."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ci_analysis import github
from ci_analysis.pages import addresses, app_manifest
from ci_analysis.services import github_app

logger = structlog.get_logger("ci_analysis")


def _superusers_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        if not request.user.is_superuser:
            raise Http404
        return view(request)

    return wrapper


@never_cache
@_superusers_only
@require_safe
def setup(request: HttpRequest) -> HttpResponse:
    """What the App asks for and why, and the form that leads to GitHub, unless there is an App already."""
    stored = github_app.stored()
    from_environment = github_app.configured_by_environment()
    owner = request.GET.get("organization", "").strip()
    owner_invalid = bool(owner) and not app_manifest.is_organization(owner)
    replace = "replace" in request.GET
    offered = not from_environment and not owner_invalid and (stored is None or replace)
    context = {
        "permissions": app_manifest.PERMISSIONS,
        "events": app_manifest.EVENTS,
        "stored": stored,
        "from_environment": from_environment,
        "app_id": settings.GITHUB_APP_ID,
        "owner": owner,
        "owner_invalid": owner_invalid,
        "replace": replace,
        "form": app_manifest.form(request.session, organization=owner, replace=replace) if offered else None,
        "install_url": addresses.installation(),
    }
    return _leading_to_github(render(request, "ci_analysis/github_app.html", context))


@never_cache
@_superusers_only
@require_safe
def created(request: HttpRequest) -> HttpResponse:
    """GitHub sends the browser here with a code: exchange it for the App's secrets and keep them."""
    try:
        may_replace = app_manifest.take_state(request.session, request.GET.get("state", ""))
        if github_app.configured_by_environment() or (github_app.stored() and not may_replace):
            return _not_created(request, "There is a GitHub App already, and you were not asked about replacing it.")
        registration = github.convert_manifest(request.GET.get("code", ""), api_url=settings.GITHUB_API_URL)
    except app_manifest.StateError as error:
        return _not_created(request, str(error))
    except (github.NotFound, github.InvalidName):
        return _not_created(request, "GitHub does not know the code: it was used before, or is older than an hour.")
    except github.GitHubError as error:
        return _not_created(request, str(error), status=502)
    app = github_app.store(registration)
    logger.info("github_app.stored", app_id=app.app_id, slug=app.slug, user=request.user.pk)
    messages.success(request, f"The GitHub App {app.slug} is created and its keys are stored. Now install it.")
    return redirect("ci_analysis:github_app")


def _not_created(request: HttpRequest, reason: str, *, status: int = 400) -> HttpResponse:
    return render(request, "ci_analysis/github_app_not_created.html", {"reason": reason}, status=status)


def _leading_to_github(response: HttpResponse) -> HttpResponse:
    """Let the page send a form to GitHub, which the policy of all other pages forbids."""
    parts = urlsplit(settings.GITHUB_WEB_URL)
    # How django-csp takes a change of one response; its decorator can't read a setting at each request.
    response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response
