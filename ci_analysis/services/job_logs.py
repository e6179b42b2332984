"""The log of a failed job: downloaded into a temporary file, searched by the engine, thrown away.

Whatever becomes of a log, the job's `log_outcome` says it, so that no job is left without an ending.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import IO

import structlog
from django.conf import settings

from ci_analysis import engine, github, payloads
from ci_analysis.models import Analysis, Finding, Job, LogOutcome
from orgs import tenancy

logger = structlog.get_logger("ci_analysis")

SEARCHED = {LogOutcome.READ.value, LogOutcome.TRUNCATED.value}
NEVER_READ = {LogOutcome.SKIPPED.value, LogOutcome.NO_RUNNER.value}
LATE = (github.LogsNotReady, github.LogLinkExpired, github.Unavailable)
"""What may be different the next time."""
LARGEST_INTEGER = 2**31 - 1


def store_jobs(analysis: Analysis, failed: Sequence[github.WorkflowJob]) -> list[Job]:
    """A row for each failed job; those whose log has still to be read, in GitHub's order."""
    with tenancy.organization(analysis.org_id):
        Job.objects.bulk_create(
            [_row(analysis, job, position) for position, job in enumerate(failed)], ignore_conflicts=True
        )
        Analysis.objects.filter(pk=analysis.pk).update(jobs_failed=len(failed))
        analysis.jobs_failed = len(failed)
        return list(Job.objects.filter(run=analysis.run, log_outcome="").order_by("github_id"))


def search(
    analysis: Analysis,
    job: Job,
    client: github.InstallationClient,
    *,
    last_attempt: bool,
    downloaded: Callable[[], None],
) -> None:
    """Read one log and store what it says; calls `downloaded` in between. Raises LATE, unless it is the last attempt,
    RateLimited, NotInstalled, Suspended."""
    with tempfile.TemporaryFile(prefix="fixci-log-") as file:
        try:
            download = client.download_job_log(
                analysis.run.repository.full_name,
                job.github_id,
                file,
                max_bytes=settings.GITHUB_LOG_MAX_BYTES,
                max_seconds=settings.GITHUB_LOG_MAX_SECONDS,
            )
        except github.LogsGone:
            return _close(job, LogOutcome.GONE)
        except github.Forbidden:
            return _close(job, LogOutcome.FORBIDDEN)
        except (github.RedirectRefused, github.UnexpectedAnswer) as error:
            logger.warning("log.refused", org=job.org_id, job=job.github_id, error=str(error))
            return _close(job, LogOutcome.REFUSED)
        except github.NotInstalled:
            raise
        except github.NotFound:
            return _close(job, LogOutcome.MISSING)
        except LATE as error:
            if not last_attempt:
                raise
            missing = isinstance(error, github.LogsNotReady)
            return _close(job, LogOutcome.MISSING if missing else LogOutcome.UNREACHABLE)
        download = _cut(file, download)
        downloaded()
        report = _search(file, job)
    _store(analysis, job, download, report)


def _cut(file: IO[bytes], download: github.LogDownload) -> github.LogDownload:
    """End the log after GITHUB_LOG_MAX_LINES lines."""
    left, at = settings.GITHUB_LOG_MAX_LINES, 0
    file.seek(0)
    while piece := file.read(1 << 20):
        ends = piece.count(b"\n")
        if ends > left:
            at += len(piece) - len(piece.split(b"\n", left)[left])
            file.truncate(at)
            return replace(download, bytes=at, truncated=True)
        left -= ends
        at += len(piece)
    return download


def _search(file: IO[bytes], job: Job) -> engine.Report:
    file.flush()
    steps = [job.failed_step] if job.failed_step else []
    if not file.seek(0, 2):
        return engine.analyze(b"", failed_steps=steps)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
        return engine.analyze(log, failed_steps=steps)


def _store(analysis: Analysis, job: Job, download: github.LogDownload, report: engine.Report) -> None:
    with tenancy.organization(job.org_id):
        # A worker that was taken for dead may still be at it: one after the other, the later result stays.
        Job.objects.select_for_update().get(pk=job.pk)
        Finding.objects.filter(job=job).delete()
        Finding.objects.bulk_create(
            [
                _finding(analysis, job, position, found, report, download)
                for position, found in enumerate(report.findings)
            ]
        )
        job.log_outcome = LogOutcome.TRUNCATED if download.truncated else LogOutcome.READ
        job.log_bytes = download.bytes
        job.log_lines = report.lines
        job.redactions = dict(report.redactions)
        job.save()
    logger.info("log.searched", org=job.org_id, job=job.github_id, bytes=download.bytes, findings=len(report.findings))


def _close(job: Job, outcome: LogOutcome) -> None:
    with tenancy.organization(job.org_id):
        Finding.objects.filter(job=job).delete()
        job.log_outcome = outcome
        job.log_bytes = job.log_lines = 0
        job.save()
    logger.info("log.not_read", org=job.org_id, job=job.github_id, outcome=outcome.value)


def _row(analysis: Analysis, job: github.WorkflowJob, position: int) -> Job:
    step = next((step for step in job.steps if step.failed), None)
    outcome = ""
    if position >= settings.GITHUB_MAX_JOBS_READ:
        outcome = LogOutcome.SKIPPED
    elif not job.steps and not job.runner_name:
        outcome = LogOutcome.NO_RUNNER
    return Job(
        org_id=analysis.org_id,
        run=analysis.run,
        github_id=job.id,
        name=payloads.storable(job.name, 255),
        conclusion=job.conclusion or "",
        html_url=job.html_url,
        failed_step=payloads.storable(step.name, 255) if step else "",
        failed_step_number=step.number if step else None,
        log_outcome=outcome,
    )


def _finding(
    analysis: Analysis,
    job: Job,
    position: int,
    found: engine.Finding,
    report: engine.Report,
    download: github.LogDownload,
) -> Finding:
    # The engine counts the lines that it was given; of a log that was too long the middle is missing.
    number = download.line_in_log
    return Finding(
        org_id=job.org_id,
        analysis=analysis,
        job=job,
        position=position,
        title=found.title[:300],
        category=found.category,
        confidence=round(found.confidence, 3),
        tool=found.tool[:60],
        message=found.message,
        suggestion=found.suggestion,
        file=(found.file or "")[:500],
        line=_countable(found.line),
        column=_countable(found.column),
        failed_tests=list(found.failed_tests),
        lines=[[number(first), number(last)] for first, last in found.lines],
        step_line=_line_in_step(found, report, download),
        excerpt=[
            {"number": number(line.number), "text": line.text, "evidence": line.evidence} for line in found.excerpt
        ],
        fingerprint=found.fingerprint,
    )


def _line_in_step(found: engine.Finding, report: engine.Report, download: github.LogDownload) -> int | None:
    """The finding's first line, counted from its step's first as in GitHub's page of the log. None: not known."""
    if report.failed_step_line is None or found.lines[0][0] < report.failed_step_line:
        return None
    return download.line_in_log(found.lines[0][0]) - download.line_in_log(report.failed_step_line) + 1


def _countable(number: int | None) -> int | None:
    """None for what no file has: a log may say line 99999999999."""
    return number if number is not None and 0 < number <= LARGEST_INTEGER else None
