"""Installations of the App, brought in line with what GitHub says of them now.

An event only tells us to look: so lost, late and repeated events all lead to the same rows.
"""

from __future__ import annotations

import structlog
from django.utils import timezone

from ci_analysis import github, locks, payloads
from ci_analysis.exceptions import InstallationInactive
from ci_analysis.models import Delivery, Installation, Repository
from ci_analysis.services import github_app
from orgs import tenancy
from orgs.models import AuditEvent, Organization
from orgs.services import organizations

logger = structlog.get_logger("ci_analysis")


def changed(delivery: Delivery) -> None:
    """Something about an installation has changed: read it anew. Raises PayloadError, github.GitHubError."""
    refresh(payloads.integer(delivery.payload, "installation", "id"))


def active(github_id: int) -> Installation:
    """The installation, read from GitHub when we don't know it (its event was lost) or hold it for inactive.

    Raises InstallationInactive, github.GitHubError.
    """
    known = _known(github_id)
    if known is None or known.status != Installation.Status.ACTIVE:
        known = refresh(github_id)
    if known is None or known.status != Installation.Status.ACTIVE:
        raise InstallationInactive(f"installation {github_id} is {known.status if known else 'unknown to GitHub'}")
    return known


def refresh(github_id: int) -> Installation | None:
    """Bring the installation and its repositories in line with GitHub. None: GitHub has none, and neither have we."""
    credentials = github_app.credentials()
    try:
        with github.AppClient(credentials) as client:
            found = client.installation(github_id)
    except github.NotFound:
        github.purge_token(github_id, credentials)
        return _set_status(github_id, Installation.Status.DELETED)
    if found.suspended_at:
        github.purge_token(github_id, credentials)
        _store(found)
        return _set_status(github_id, Installation.Status.SUSPENDED)
    installation = _store(found)
    with github.InstallationClient(github_id, credentials) as installed:
        _store_repositories(installation, installed.repositories())
    return _set_status(github_id, Installation.Status.ACTIVE)


def deactivate(installation: Installation, refusal: github.NotInstalled | github.Suspended) -> None:
    """GitHub has refused us as suspended or uninstalled: stop at once, whether or not the event arrives."""
    deleted = isinstance(refusal, github.NotInstalled)
    github.purge_token(installation.github_id, github_app.credentials())
    _set_status(installation.github_id, Installation.Status.DELETED if deleted else Installation.Status.SUSPENDED)


def _known(github_id: int) -> Installation | None:
    with tenancy.all_organizations():
        return Installation.objects.select_related("org").filter(github_id=github_id).first()


def _store(found: github.Installation) -> Installation:
    """The row of this installation.

    An account that comes back finds the organization that it had; a new one gets one, named after it. The account is
    known by its id: a login can be given up and taken by somebody else.
    """
    with tenancy.all_organizations():
        locks.wait_for(f"account:{found.account_id}")
        installation = Installation.objects.select_related("org").filter(github_id=found.id).first()
        if installation is None:
            installation = Installation(org=_organization(found), github_id=found.id, account_id=found.account_id)
        installation.account_login = found.account_login
        installation.account_type = found.account_type
        installation.save()
        return installation


def _organization(found: github.Installation) -> Organization:
    former = Installation.objects.select_related("org").filter(account_id=found.account_id).order_by("pk").first()
    return (
        former.org if former else organizations.create(name=found.account_login, actor=f"github:{found.account_login}")
    )


def _set_status(github_id: int, status: Installation.Status) -> Installation | None:
    with tenancy.all_organizations():
        installation = (
            Installation.objects.select_related("org")
            .select_for_update(of=("self",))
            .filter(github_id=github_id)
            .first()
        )
        if installation and installation.status != status:
            installation.status = status
            installation.save(update_fields=["status"])
            AuditEvent.objects.create(
                org=installation.org,
                actor=f"github:{installation.account_login}",
                action=f"installation.{status.value}",
                target=f"installation:{github_id}",
            )
            logger.info("installation.changed", installation=github_id, status=status.value)
    return installation


def _store_repositories(installation: Installation, found: tuple[github.Repository, ...]) -> None:
    with tenancy.organization(installation.org_id):
        Repository.objects.bulk_create(
            [
                Repository(
                    org_id=installation.org_id,
                    installation=installation,
                    github_id=repository.id,
                    full_name=repository.full_name,
                    default_branch=repository.default_branch,
                    private=repository.private,
                )
                for repository in found
            ],
            update_conflicts=True,
            unique_fields=["installation", "github_id"],
            update_fields=["full_name", "default_branch", "private", "removed_at"],
        )
        gone = Repository.objects.filter(installation=installation, removed_at=None)
        gone.exclude(github_id__in=[repository.id for repository in found]).update(removed_at=timezone.now())
