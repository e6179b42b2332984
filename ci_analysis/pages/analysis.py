"""The page of one analysis, put together for the template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from ci_analysis.causes import Cause, by_cause, log_line_url
from ci_analysis.models import Analysis, Finding, Job, LogOutcome, Publication
from ci_analysis.pages import addresses

MAX_SECTIONS = 30
"""More causes than this are named, not shown."""

# From the surest down: the least confidence that may be called so.
_CONFIDENCE = ((0.85, "Very likely the cause"), (0.6, "Likely the cause"), (0.35, "Possibly the cause"))


@dataclass(frozen=True)
class LogLine:
    """`anchor` is unique on the page; `gap` counts the lines left out before this one."""

    number: int
    text: str
    evidence: bool
    anchor: str
    gap: int


@dataclass(frozen=True)
class Section:
    """One cause. `source_url` is "" when the file is none of the repository's."""

    number: int
    finding: Finding
    jobs: tuple[Job, ...]
    lines: tuple[LogLine, ...]
    confidence: str
    source_url: str
    log_url: str


@dataclass(frozen=True)
class Posted:
    """What of the answer stands on GitHub. `state` is shown, waiting, failed or silent (there was nothing to say)."""

    name: str
    state: str
    url: str
    reason: str


@dataclass(frozen=True)
class AnalysisPage:
    """`unread` are the jobs whose log was not, or not fully, read; `took` is from the request to the answer;
    `retry_at` is when the next attempt comes, after one that failed."""

    analysis: Analysis
    headline: str
    sections: tuple[Section, ...]
    more_titles: tuple[str, ...]
    unread: tuple[Job, ...]
    posted: tuple[Posted, ...]
    redactions: tuple[tuple[str, int], ...]
    log_bytes: int
    log_lines: int
    jobs_read: int
    took: timedelta | None
    retry_at: datetime | None
    commit_url: str

    @property
    def live(self) -> bool:
        """It will change soon: not answered yet, or the answer is still on its way to GitHub."""
        return self.open or any(posted.state == "waiting" for posted in self.posted)

    @property
    def open(self) -> bool:
        return self.analysis.status in (Analysis.Status.QUEUED, Analysis.Status.RUNNING)

    @property
    def redacted(self) -> int:
        return sum(count for _, count in self.redactions)


def build(analysis: Analysis) -> AnalysisPage:
    """Everything that the page shows. Inside the organization; `analysis` comes with its run and repository."""
    run = analysis.run
    jobs = list(run.jobs.order_by("github_id"))
    causes = by_cause(analysis.findings.select_related("job").order_by("job_id", "position"))
    read = [job for job in jobs if job.log_outcome in (LogOutcome.READ, LogOutcome.TRUNCATED)]
    return AnalysisPage(
        analysis=analysis,
        headline=_headline(analysis, causes),
        sections=tuple(_section(number, cause, analysis) for number, cause in enumerate(causes[:MAX_SECTIONS], 1)),
        more_titles=tuple(cause.finding.title for cause in causes[MAX_SECTIONS:]),
        unread=tuple(job for job in jobs if job.log_outcome not in ("", LogOutcome.READ)),
        posted=tuple(_posted(publication) for publication in _publications(analysis)),
        redactions=_redactions(jobs),
        log_bytes=sum(job.log_bytes for job in read),
        log_lines=sum(job.log_lines for job in read),
        jobs_read=len(read),
        took=analysis.finished_at - analysis.requested_at if analysis.finished_at else None,
        retry_at=analysis.next_attempt_at,
        commit_url=addresses.commit(run),
    )


def _headline(analysis: Analysis, causes: list[Cause]) -> str:
    if analysis.status == Analysis.Status.QUEUED:
        return "Waiting to be read"
    if analysis.status == Analysis.Status.RUNNING:
        jobs = f" of {_count(analysis.jobs_failed, 'failed job')}" if analysis.jobs_failed else ""
        return f"Reading the logs{jobs}"
    if analysis.status == Analysis.Status.FAILED or not causes:
        return "We could not say why this failed"
    return f"{_count(len(causes), 'cause')} for {_count(analysis.jobs_failed, 'failed job')}"


def _section(number: int, cause: Cause, analysis: Analysis) -> Section:
    finding = cause.finding
    return Section(
        number=number,
        finding=finding,
        jobs=cause.jobs,
        lines=tuple(_lines(finding, prefix="L" if number == 1 else f"C{number}-L")),
        confidence=confidence_in_words(float(finding.confidence)),
        source_url=addresses.source(finding, analysis.run),
        log_url=log_line_url(finding),
    )


def confidence_in_words(confidence: float) -> str:
    return next((words for least, words in _CONFIDENCE if confidence >= least), "A guess")


def _lines(finding: Finding, *, prefix: str) -> Iterator[LogLine]:
    before: int | None = None
    for line in finding.excerpt:
        number = line["number"]
        gap = number - before - 1 if before is not None else 0
        yield LogLine(number, line["text"], line["evidence"], f"{prefix}{number}", max(0, gap))
        before = number


def _publications(analysis: Analysis) -> list[Publication]:
    """The check run of the analysis, and the comments on the pull requests of the run's branch."""
    run = analysis.run
    branch = Q(
        pull_request__repository=run.repository,
        pull_request__head_owner=run.head_owner,
        pull_request__head_branch=run.head_branch,
    )
    found = Publication.objects.filter(Q(analysis=analysis) | branch)
    return list(found.select_related("pull_request__repository").order_by("pull_request__number"))


def _posted(publication: Publication) -> Posted:
    pull_request = publication.pull_request
    name = f"Comment on #{pull_request.number}" if pull_request else "Check run"
    url = publication.html_url or (addresses.pull_request(pull_request) if pull_request else "")
    if publication.failed:
        return Posted(name, "failed", url, publication.error)
    if publication.published < publication.wanted:
        return Posted(name, "waiting", url, publication.error)
    return Posted(name, "shown" if publication.html_url else "silent", url, "")


def _redactions(jobs: list[Job]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for job in jobs:
        total.update(job.redactions)
    return tuple(total.most_common())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
