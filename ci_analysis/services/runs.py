"""Finished workflow runs: which of them become an analysis."""

from __future__ import annotations

from typing import Any

import structlog

from ci_analysis import github, payloads
from ci_analysis.exceptions import InstallationInactive
from ci_analysis.models import Delivery, Installation, PullRequest, Repository, Run
from ci_analysis.services import analyses, github_app, installations, publications
from orgs import tenancy

logger = structlog.get_logger("ci_analysis")

CONCLUSIONS = (*Run.FAILED_CONCLUSIONS, "success")


def completed(delivery: Delivery) -> None:
    """A run attempt has ended. A failed one is analysed; a green one may turn a comment of ours green.

    What the attempt is, GitHub is asked: the payload only says where to look. Others than failed and green ones
    (cancelled, skipped) ask for nothing. Raises PayloadError, InstallationInactive, github.GitHubError.
    """
    payload = delivery.payload
    if payloads.text(payload, "workflow_run", "conclusion") not in CONCLUSIONS:
        return
    installation = installations.active(payloads.integer(payload, "installation", "id"))
    try:
        found = _attempt(installation, payload)
    except (github.NotInstalled, github.Suspended) as error:
        installations.deactivate(installation, error)
        raise InstallationInactive(str(error)) from error
    except github.Forbidden:
        # The account has not granted what it takes to read Actions. The analysis will meet the same refusal, and says
        # so where people see it.
        found = _told(payload)
    if found.conclusion is None:
        # One of GitHub's servers does not know yet what its webhook told us; taken for green it would be lost.
        raise github.NotFound("GitHub does not show yet that this run has ended.")
    if found.conclusion in CONCLUSIONS:
        _record(_repository(installation, payload, found), found)


def _attempt(installation: Installation, payload: dict[str, Any]) -> github.WorkflowRun:
    with github.InstallationClient(installation.github_id, github_app.credentials()) as client:
        return client.run_attempt(
            payloads.text(payload, "repository", "full_name"),
            payloads.integer(payload, "workflow_run", "id"),
            payloads.integer(payload, "workflow_run", "run_attempt"),
        )


def _told(payload: dict[str, Any]) -> github.WorkflowRun:
    """The attempt as the webhook tells it, for a GitHub that does not show it to us."""
    return github.WorkflowRun(
        id=payloads.integer(payload, "workflow_run", "id"),
        attempt=payloads.integer(payload, "workflow_run", "run_attempt"),
        name=payloads.text(payload, "workflow_run", "name"),
        workflow_id=payloads.integer(payload, "workflow_run", "workflow_id"),
        path="",
        event=payloads.text(payload, "workflow_run", "event")[:64],
        status="completed",
        conclusion=payloads.text(payload, "workflow_run", "conclusion"),
        head_sha=payloads.text(payload, "workflow_run", "head_sha")[:64],
        head_branch=payloads.text(payload, "workflow_run", "head_branch")[:255],
        head_owner=payloads.text(payload, "workflow_run", "head_repository", "owner", "login")[:100],
        head_repository_id=None,
        repository_id=payloads.integer(payload, "repository", "id"),
        html_url=payloads.text(payload, "workflow_run", "html_url")[:500],
        created_at=None,
        started_at=None,
        updated_at=None,
        pull_request_numbers=(),
    )


def _repository(installation: Installation, payload: dict[str, Any], found: github.WorkflowRun) -> Repository:
    """The row of the run's repository: as the signed webhook of a finished run names it."""
    values: dict[str, Any] = {
        "full_name": payloads.text(payload, "repository", "full_name"),
        "default_branch": payloads.text(payload, "repository", "default_branch")[:255],
        "private": not payloads.is_false(payload, "repository", "private"),
        "removed_at": None,
    }
    with tenancy.organization(installation.org_id):
        repository, _ = Repository.objects.update_or_create(
            installation=installation,
            github_id=found.repository_id,
            defaults=values,
            create_defaults=values | {"org_id": installation.org_id},
        )
        return repository


def _record(repository: Repository, found: github.WorkflowRun) -> None:
    """Store the attempt once, however often and by whatever it is delivered, and ask for what follows from it."""
    with tenancy.organization(repository.org_id):
        run, created = Run.objects.get_or_create(
            org_id=repository.org_id,
            repository=repository,
            github_id=found.id,
            attempt=found.attempt,
            defaults={
                "workflow_id": found.workflow_id,
                "workflow_name": payloads.storable(found.name, 255),
                "event": found.event,
                "head_owner": found.head_owner or "",
                "head_branch": payloads.storable(found.head_branch or "", 255),
                "head_sha": found.head_sha,
                "conclusion": found.conclusion or "",
                "html_url": found.html_url,
                "started_at": found.started_at,
                "pull_request_numbers": list(found.pull_request_numbers),
            },
        )
        if not created:
            return
        logger.info("run.recorded", org=run.org_id, repository=repository.full_name, run=run.github_id)
        if run.failed:
            analyses.request(run=run)
        else:
            _update_comments(run)


def _update_comments(run: Run) -> None:
    commented = PullRequest.objects.filter(
        repository=run.repository,
        head_owner=run.head_owner,
        head_branch=run.head_branch,
        comment__isnull=False,
    )
    for pull_request in commented:
        publications.want_comment(pull_request)
