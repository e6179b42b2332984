"""Findings of many jobs, brought together by cause: a matrix of twelve jobs that fail alike has one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ci_analysis.models import Finding, Job

# A path from the root of the repository, as GitHub takes it; others that a log names are the runner's own.
_REPOSITORY_PATH = re.compile(r"(?![/~])(?!.*(?:^|/)\.\.(?:/|$))(?!\w:)[^\s:*?\"<>|\\]{1,400}")


@dataclass(frozen=True)
class Cause:
    """One cause. `finding` is the one that stands for all, of the first job; `jobs` are all that show it."""

    finding: Finding
    jobs: tuple[Job, ...]


def by_cause(findings: Iterable[Finding]) -> list[Cause]:
    """The causes, the surest first, then the one that hit most jobs. `findings` come with their job."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    causes = [Cause(group[0], tuple({f.job_id: f.job for f in group}.values())) for group in groups.values()]
    return sorted(causes, key=lambda cause: (-cause.finding.confidence, -len(cause.jobs)))


def log_line_url(finding: Finding) -> str:
    """GitHub's page of the job's log, at the finding's first line where that is known; else at the job."""
    if finding.job.failed_step_number and finding.step_line:
        return f"{finding.job.html_url}#step:{finding.job.failed_step_number}:{finding.step_line}"
    return finding.job.html_url


def names_repository_file(finding: Finding) -> bool:
    """Whether the file that the log names can be one of the repository's."""
    return _REPOSITORY_PATH.fullmatch(finding.file) is not None
