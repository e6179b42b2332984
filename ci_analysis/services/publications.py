"""The outbox to GitHub. Wanted content is committed as an intent; a task makes GitHub show it.

A crash between GitHub's answer and our commit leaves a comment that we don't know of: the next try finds it by its
hidden marker and its author, a check run by its external id.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import structlog
from django.db.models import F
from django.utils import timezone

from ci_analysis import check_output, comment, github, locks, queue, retries
from ci_analysis.models import Analysis, Installation, Publication, PullRequest, Repository
from ci_analysis.services import github_app
from orgs import tenancy

logger = structlog.get_logger("ci_analysis")


def want_all(analysis: Analysis) -> None:
    """Ask for the check run and for the comment on each pull request of the run's branch. Inside the organization."""
    _want(Publication.objects.get_or_create(analysis=analysis, defaults={"org_id": analysis.org_id, "wanted": 0})[0])
    run = analysis.run
    for pull_request in PullRequest.objects.filter(
        repository=run.repository, head_owner=run.head_owner, head_branch=run.head_branch
    ):
        want_comment(pull_request)


def want_comment(pull_request: PullRequest) -> None:
    """Ask for the comment to say what is known now. Inside the organization."""
    _want(
        Publication.objects.get_or_create(
            pull_request=pull_request, defaults={"org_id": pull_request.org_id, "wanted": 0}
        )[0]
    )


def publish(*, org_id: int, publication_id: int) -> None:
    """Make GitHub show what is wanted. Published already, or not to be tried now: nothing.

    The lock is held through the calls, so that two workers never both look for a comment, find none and write one.
    """
    wanted = 0
    try:
        with tenancy.organization(org_id):
            locks.wait_for(f"publication:{publication_id}")
            publication = _open(publication_id)
            if publication is None:
                return
            # Read before the content is: what is wanted meanwhile is sent by the task that it has enqueued.
            wanted = publication.wanted
            _publish(publication)
    except github.GitHubError as error:
        _try_again_or_give_up(org_id, publication_id, wanted, str(error), error)
    # The edge of the task: an error of our own is tried again; its text is for our log, not for a tenant's page.
    except Exception:
        logger.exception("publication.crashed", org=org_id, publication=publication_id)
        _try_again_or_give_up(org_id, publication_id, wanted, "FixCI itself failed. We have been told.", None)


def _publish(publication: Publication) -> None:
    _send(publication)
    Publication.objects.filter(pk=publication.pk).update(
        published=publication.wanted,
        published_at=timezone.now(),
        attempts=0,
        next_attempt_at=None,
        error="",
        github_id=publication.github_id,
        html_url=publication.html_url,
        content_sha256=publication.content_sha256,
    )
    logger.info(
        "publication.published",
        org=publication.org_id,
        publication=publication.pk,
        github_id=publication.github_id,
    )


def _want(publication: Publication) -> None:
    Publication.objects.filter(pk=publication.pk).update(
        wanted=F("wanted") + 1, wanted_at=timezone.now(), failed=False, attempts=0, next_attempt_at=None
    )
    queue.publish(publication.org_id, publication.pk)


def _open(publication_id: int) -> Publication | None:
    due = Publication.objects.due(wanted_before=timezone.now() + timedelta(hours=1))
    return (
        due.select_related("pull_request__repository__installation", "analysis__run__repository__installation")
        .filter(pk=publication_id)
        .first()
    )


def _repository(publication: Publication) -> Repository:
    if publication.pull_request:
        return publication.pull_request.repository
    assert publication.analysis  # one of the two, by check constraint
    return publication.analysis.run.repository


def _send(publication: Publication) -> None:
    repository = _repository(publication)
    if repository.installation.status != Installation.Status.ACTIVE:
        raise github.NotInstalled("The App is no longer active on this account.")
    with github.InstallationClient(repository.installation.github_id, github_app.credentials()) as client:
        if publication.pull_request:
            _send_comment(publication, publication.pull_request, client)
        else:
            _send_check_run(publication, client)


def _send_check_run(publication: Publication, client: github.InstallationClient) -> None:
    analysis = publication.analysis
    assert analysis
    draft = check_output.draft(analysis)
    shown = client.publish_check_run(analysis.run.repository.full_name, draft)
    publication.github_id, publication.html_url = shown.id, shown.html_url


def _send_comment(publication: Publication, pull_request: PullRequest, client: github.InstallationClient) -> None:
    wanted = comment.compose(pull_request)
    name, number = pull_request.repository.full_name, pull_request.number
    digest = hashlib.sha256(wanted.body.encode()).hexdigest()
    if publication.github_id and digest == publication.content_sha256:
        return
    # A branch outlives its pull requests: what was closed or merged meanwhile is history.
    if client.pull_request(name, number).state != "open":
        return
    shown = _update(publication, client, name, wanted.body) or _adopt(client, name, number, wanted.body)
    if shown is None and wanted.says_something:
        shown = client.create_comment(name, number, wanted.body)
    if shown:
        publication.github_id, publication.html_url, publication.content_sha256 = (
            shown.id,
            shown.html_url,
            digest,
        )


def _update(
    publication: Publication, client: github.InstallationClient, name: str, body: str
) -> github.IssueComment | None:
    """Edit the comment that we know of. None: there is none, or somebody has deleted it."""
    if publication.github_id is None:
        return None
    try:
        return client.update_comment(name, publication.github_id, body)
    except github.NotFound:
        publication.github_id = None
        publication.html_url = publication.content_sha256 = ""
        return None


def _adopt(client: github.InstallationClient, name: str, number: int, body: str) -> github.IssueComment | None:
    """Edit a comment of ours that an earlier try left behind; of several the oldest stays."""
    found = client.find_comments(name, number, comment.MARKER)
    for duplicate in found[1:]:
        client.delete_comment(name, duplicate.id)
    if not found:
        return None
    return found[0] if found[0].body == body else client.update_comment(name, found[0].id, body)


def _try_again_or_give_up(
    org_id: int, publication_id: int, wanted: int, error: str, reason: github.GitHubError | None
) -> None:
    """Unless somebody else has published it meanwhile, or has asked for something newer."""
    with tenancy.organization(org_id):
        tried = Publication.objects.select_for_update().filter(pk=publication_id, wanted=wanted, published__lt=wanted)
        publication = tried.first()
        if publication is None:
            return
        pause = retries.pause(reason, attempt=publication.attempts + 1, since=publication.wanted_at)
        publication.attempts += retries.counts(reason)
        publication.error = error
        publication.failed = pause is None
        if pause is not None:
            publication.next_attempt_at = timezone.now() + pause
            queue.publish(org_id, publication_id, delay=pause.total_seconds())
        publication.save(update_fields=["attempts", "error", "failed", "next_attempt_at"])
    logger.warning(
        "publication.not_published",
        org=org_id,
        publication=publication_id,
        error=error,
        failed=publication.failed,
    )
