"""Where things stand on GitHub. Parts of an address that come from outside are quoted."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from ci_analysis.causes import names_repository_file
from ci_analysis.exceptions import NotConfigured
from ci_analysis.models import Finding, PullRequest, Run
from ci_analysis.services import github_app


def commit(run: Run) -> str:
    return f"{_repository(run)}/commit/{quote(run.head_sha)}"


def pull_request(found: PullRequest) -> str:
    return f"{settings.GITHUB_WEB_URL}/{quote(found.repository.full_name)}/pull/{found.number}"


def source(finding: Finding, run: Run) -> str:
    """The file as the run saw it, at the line. "" when what the log calls a file is none of the repository's."""
    if not names_repository_file(finding):
        return ""
    line = f"#L{finding.line}" if finding.line else ""
    return f"{_repository(run)}/blob/{quote(run.head_sha)}/{quote(finding.file)}{line}"


def installation() -> str:
    """Where an account owner installs the App. "" while there is none, or its name is unknown."""
    try:
        slug = github_app.credentials().app_slug
    except NotConfigured:
        return ""
    return f"{settings.GITHUB_WEB_URL}/apps/{quote(slug)}/installations/new" if slug else ""


def _repository(run: Run) -> str:
    return f"{settings.GITHUB_WEB_URL}/{quote(run.repository.full_name)}"
