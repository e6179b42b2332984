"""The life of an analysis: asked for, taken up by one worker, finished or tried again.

Each step commits before the next one begins and can be done twice. A worker that dies leaves a lease that runs out;
the sweeper then enqueues the analysis again, and jobs that were read already are not read a second time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from ci_analysis import engine, github, payloads, queue, retries
from ci_analysis.check_output import EXTERNAL_ID
from ci_analysis.exceptions import PayloadError
from ci_analysis.models import (
    Analysis,
    AnalysisQuerySet,
    Delivery,
    Finding,
    Installation,
    Job,
    Problem,
    PullRequest,
    Run,
)
from ci_analysis.services import github_app, installations, job_logs, publications
from metering.meters import Meter
from metering.services import usage
from orgs import tenancy
from orgs.models import AuditEvent

logger = structlog.get_logger("ci_analysis")

# None of them is mended by asking again; the logs are read all the same.
UNFIT_FOR_PULL_REQUESTS = (
    github.Forbidden,
    github.NotFound,
    github.Validation,
    github.UnexpectedAnswer,
    github.InvalidName,
)


def request(*, run: Run) -> Analysis:
    """Ask for the analysis of a failed run. Belongs into the transaction that stores the run."""
    analysis = Analysis.objects.create(org_id=run.org_id, run=run)
    queue.analyze_run(analysis.org_id, analysis.pk)
    return analysis


def rerequested(delivery: Delivery) -> None:
    """Somebody pressed "Re-run" at our check run: analyse again. Raises PayloadError, github.GitHubError."""
    payload = delivery.payload
    external_id = payloads.text(payload, "check_run", "external_id")
    author = payloads.integer_or_none(payload, "check_run", "app", "id")
    if not external_id.startswith(EXTERNAL_ID) or str(author) != str(github_app.credentials().app_id):
        return
    number, _, _ = external_id.removeprefix(EXTERNAL_ID).partition("-")
    if not (number.isdecimal() and len(number) < 19):
        raise PayloadError(f"check_run.external_id {external_id!r} has no analysis' number")
    installation = installations.active(payloads.integer(payload, "installation", "id"))
    again(
        org_id=installation.org_id,
        analysis_id=int(number),
        actor=f"github:{payloads.text(payload, 'sender', 'login') or installation.account_login}"[:120],
        asked_at=delivery.received_at,
    )


def again(*, org_id: int, analysis_id: int, actor: str, asked_at: datetime | None = None) -> None:
    """Run a finished analysis once more. One that is waiting or running is left alone.

    One that was asked for since `asked_at` too: a delivery that is processed twice, because its first worker died, asks
    once.
    """
    with tenancy.organization(org_id):
        ended = Analysis.objects.filter(pk=analysis_id, status__in=[Analysis.Status.DONE, Analysis.Status.FAILED])
        if asked_at is not None:
            ended = ended.filter(requested_at__lt=asked_at)
        if ended.update(
            status=Analysis.Status.QUEUED,
            revision=F("revision") + 1,
            requested_at=timezone.now(),
            attempts=0,
            next_attempt_at=None,
            problem="",
        ):
            # What had no log to read has none now, and the cap on jobs holds as before.
            read_again = Job.objects.filter(run__analysis=analysis_id).exclude(log_outcome__in=job_logs.NEVER_READ)
            read_again.update(log_outcome="", log_bytes=0, log_lines=0)
            AuditEvent.objects.create(
                org_id=org_id, actor=actor, action="analysis.requested_again", target=f"analysis:{analysis_id}"
            )
            queue.analyze_run(org_id, analysis_id)


def analyze(*, org_id: int, analysis_id: int) -> None:
    """Read the failed jobs' logs, store what they say, and ask for the comment and the check run.

    Not waiting any more, or held by another worker: nothing.
    """
    analysis = _claim(org_id, analysis_id)
    if analysis is None:
        return
    log = logger.bind(org=org_id, analysis=analysis_id, attempt=analysis.attempts)
    try:
        problem = _read(analysis)
    except (github.NotInstalled, github.Suspended) as error:
        installations.deactivate(analysis.run.repository.installation, error)
        _finish(analysis, Problem.INSTALLATION_INACTIVE)
    except github.GitHubError as error:
        log.info("analysis.hindered", error=error.code, detail=str(error))
        _postpone_or_finish(analysis, error, _problem(error))
    # The edge of the task: an error of our own must not leave a pull request without an answer.
    except Exception:
        log.exception("analysis.crashed")
        _postpone_or_finish(analysis, None, Problem.INTERNAL)
    else:
        _finish(analysis, problem)


def _claim(org_id: int, analysis_id: int) -> Analysis | None:
    """Take the analysis for this worker, until the lease ends."""
    with tenancy.organization(org_id):
        now = timezone.now()
        # An hour from now: only `due` decides, so that a sweeper's and a task's idea of it can't differ.
        due = Analysis.objects.due(requested_before=now + timedelta(hours=1)).filter(pk=analysis_id)
        if not due.update(status=Analysis.Status.RUNNING, leased_until=_lease(), attempts=F("attempts") + 1):
            return None
        analysis = Analysis.objects.select_related("run__repository__installation", "org").get(pk=analysis_id)
    if analysis.attempts > settings.ANALYSIS_MAX_ATTEMPTS:
        _finish(analysis, Problem.INTERNAL)
        return None
    return analysis


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _read(analysis: Analysis) -> str:
    """Everything that needs GitHub. The problem that kept us from an answer, "" if there is none."""
    run = analysis.run
    repository = run.repository
    if repository.installation.status != Installation.Status.ACTIVE:
        return Problem.INSTALLATION_INACTIVE
    with github.InstallationClient(repository.installation.github_id, github_app.credentials()) as client:
        # First, so that whatever becomes of the logs is said there.
        _store_pull_requests(run, client)
        jobs = client.jobs(repository.full_name, run.github_id, run.attempt)
        failed = [job for job in jobs if job.failed]
        if not failed and any(job.conclusion is None for job in jobs) and not _is_last_attempt(analysis):
            raise github.NotFound("GitHub does not show yet how the jobs of this run ended.")
        if not failed:
            return Problem.NO_FAILED_JOB
        _read_logs(analysis, job_logs.store_jobs(analysis, failed), client)
    return _what_is_missing(analysis)


def _read_logs(analysis: Analysis, jobs: list[Job], client: github.InstallationClient) -> None:
    """Raises LogsNotReady after all jobs, so that one late log does not keep the others from being read."""
    last_attempt = _is_last_attempt(analysis)
    sign_of_life = partial(_extend_lease, analysis)
    late: github.GitHubError | None = None
    for job in jobs:
        try:
            job_logs.search(analysis, job, client, last_attempt=last_attempt, downloaded=sign_of_life)
        except job_logs.LATE as error:
            late = error
        sign_of_life()
    if late:
        raise github.LogsNotReady from late


def _is_last_attempt(analysis: Analysis) -> bool:
    return analysis.attempts >= settings.ANALYSIS_MAX_ATTEMPTS


def _store_pull_requests(run: Run, client: github.InstallationClient) -> None:
    """Those that come from the run's branch. Without the permission to see any there is the check run alone."""
    try:
        found = client.find_pull_requests(
            run.repository.full_name,
            repository_id=run.repository.github_id,
            head_sha=run.head_sha,
            head_owner=run.head_owner or None,
            head_branch=run.head_branch or None,
            numbers=run.pull_request_numbers,
        )
    except (github.NotInstalled, github.Suspended):
        raise
    except UNFIT_FOR_PULL_REQUESTS as error:
        logger.warning("pull_requests.not_found", org=run.org_id, run=run.github_id, detail=str(error))
        return
    # GitHub's list under a commit holds every pull request that contains it, also of other branches.
    found = tuple(
        pull for pull in found if (pull.head_owner or "", pull.head_branch) == (run.head_owner, run.head_branch)
    )
    with tenancy.organization(run.org_id):
        for pull_request in found:
            PullRequest.objects.update_or_create(
                repository=run.repository,
                number=pull_request.number,
                defaults={"head_owner": run.head_owner, "head_branch": run.head_branch},
                create_defaults={
                    "org_id": run.org_id,
                    "head_owner": run.head_owner,
                    "head_branch": run.head_branch,
                },
            )


def _extend_lease(analysis: Analysis) -> None:
    with tenancy.organization(analysis.org_id):
        _held(analysis).update(leased_until=_lease())


def _held(analysis: Analysis) -> AnalysisQuerySet:
    """The row, as long as this worker's claim holds. One that was taken for dead changes nothing any more."""
    return Analysis.objects.filter(
        pk=analysis.pk,
        status=Analysis.Status.RUNNING,
        revision=analysis.revision,
        attempts=analysis.attempts,
    )


def _what_is_missing(analysis: Analysis) -> str:
    with tenancy.organization(analysis.org_id):
        if Finding.objects.filter(analysis=analysis).exists():
            return ""
        outcomes = set(Job.objects.filter(run=analysis.run).values_list("log_outcome", flat=True))
    return Problem.NO_FAILURE_FOUND if outcomes & job_logs.SEARCHED else Problem.LOGS_UNAVAILABLE


def _problem(error: github.GitHubError) -> Problem:
    if isinstance(error, github.Forbidden):
        return Problem.FORBIDDEN
    if isinstance(error, github.Unauthorized):
        return Problem.APP_REFUSED
    if isinstance(error, github.NotFound | github.Gone):
        return Problem.RUN_GONE
    if isinstance(error, github.LogsNotReady | github.LogLinkExpired):
        return Problem.LOGS_NOT_READY
    return Problem.GITHUB_UNAVAILABLE


def _postpone_or_finish(analysis: Analysis, error: github.GitHubError | None, problem: Problem) -> None:
    pause = retries.pause(error, attempt=analysis.attempts, since=analysis.requested_at)
    if pause is None:
        return _finish(analysis, problem)
    with tenancy.organization(analysis.org_id):
        postponed = _held(analysis).update(
            status=Analysis.Status.QUEUED,
            leased_until=None,
            next_attempt_at=timezone.now() + pause,
            attempts=analysis.attempts if retries.counts(error) else analysis.attempts - 1,
        )
        if postponed:
            queue.analyze_run(analysis.org_id, analysis.pk, delay=pause.total_seconds())


def _finish(analysis: Analysis, problem: str) -> None:
    """The result, its usage and what GitHub shall be told: in one transaction, while this worker's claim holds."""
    with tenancy.organization(analysis.org_id):
        first = Finding.objects.filter(analysis=analysis).order_by("-confidence", "job_id", "position").first()
        analysis.finished_at = timezone.now()
        analysis.problem = problem
        finished = _held(analysis).update(
            status=Analysis.Status.FAILED if problem else Analysis.Status.DONE,
            problem=problem,
            category=first.category if first and not problem else "",
            finished_at=analysis.finished_at,
            leased_until=None,
            next_attempt_at=None,
            engine_version=engine.ENGINE_VERSION,
        )
        if finished:
            _record_usage(analysis)
            if problem != Problem.INSTALLATION_INACTIVE:
                publications.want_all(analysis)
    logger.info(
        "analysis.finished" if finished else "analysis.overtaken",
        org=analysis.org_id,
        analysis=analysis.pk,
        problem=problem,
    )


def _record_usage(analysis: Analysis) -> None:
    finished_at = analysis.finished_at or timezone.now()
    key = f"analysis:{analysis.pk}:{analysis.revision}"
    read = sum(Job.objects.filter(run=analysis.run).values_list("log_bytes", flat=True))
    if not analysis.problem:
        usage.record(org=analysis.org, meter=Meter.ANALYSES, quantity=1, idempotency_key=key, occurred_at=finished_at)
    if read:
        usage.record(
            org=analysis.org,
            meter=Meter.LOG_BYTES_READ,
            quantity=read,
            idempotency_key=f"{key}:bytes",
            occurred_at=finished_at,
        )
