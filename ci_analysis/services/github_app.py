"""Who we are to GitHub: the App from the environment, or the one that the manifest flow stored."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from ci_analysis import github
from ci_analysis.exceptions import NotConfigured
from ci_analysis.models import GitHubApp
from orgs import tenancy


def configured_by_environment() -> bool:
    return bool(settings.GITHUB_APP_ID and settings.GITHUB_APP_PRIVATE_KEY and settings.GITHUB_WEBHOOK_SECRET)


def stored() -> GitHubApp | None:
    with tenancy.all_organizations():
        return GitHubApp.objects.first()


def credentials() -> github.Credentials:
    """Raises NotConfigured."""
    from_environment = github.from_settings()
    if configured_by_environment():
        return from_environment
    if app := stored():
        return replace(from_environment, app_id=str(app.app_id), app_slug=app.slug, private_key=app.private_key)
    raise NotConfigured("There is no GitHub App yet: open /setup/github-app/ to create one.")


def webhook_secret() -> str:
    """ "" when there is no App."""
    if configured_by_environment():
        return str(settings.GITHUB_WEBHOOK_SECRET)
    app = stored()
    return app.webhook_secret if app else ""


def store(registration: github.AppRegistration) -> GitHubApp:
    """Keep the App that GitHub has just created. A former one is replaced: its deliveries are refused from now on."""
    with tenancy.all_organizations():
        GitHubApp.objects.all().delete()
        return GitHubApp.objects.create(
            app_id=registration.id,
            slug=registration.slug,
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            webhook_secret=registration.webhook_secret,
            private_key=registration.pem,
        )
