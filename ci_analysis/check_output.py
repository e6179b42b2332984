"""The check run beside the comment: a summary, and an annotation at each file and line that a finding names."""

from __future__ import annotations

from ci_analysis import comment, github, markdown
from ci_analysis.causes import Cause, by_cause, names_repository_file
from ci_analysis.models import Analysis

NAME = "FixCI"
EXTERNAL_ID = "fixci-analysis-"
"""Begins the external_id; the analysis' id and its revision follow. Each revision has a check run of its own, since
annotations can't be taken back."""

MAX_ANNOTATIONS = 200


def draft(analysis: Analysis) -> github.CheckRunDraft:
    """What the check run shall say. Neutral: it explains a failure and is never one itself."""
    findings = analysis.findings.select_related("job__run").order_by("job_id", "position")
    causes = by_cause(findings)
    return github.CheckRunDraft(
        name=NAME,
        head_sha=analysis.run.head_sha,
        external_id=f"{EXTERNAL_ID}{analysis.pk}-{analysis.revision}",
        conclusion="neutral",
        details_url=comment.page_url(analysis),
        output=github.CheckOutput(title=_title(analysis, causes), summary=_summary(analysis, causes)),
        annotations=tuple(_annotation(cause) for cause in causes if _is_in_repository(cause))[:MAX_ANNOTATIONS],
    )


def _title(analysis: Analysis, causes: list[Cause]) -> str:
    if analysis.problem:
        return "Could not analyse this failure"
    if len(causes) == 1:
        return markdown.clip(markdown.clean(causes[0].finding.title), 200)
    return f"{len(causes)} causes for {analysis.jobs_failed} failed jobs"


def _summary(analysis: Analysis, causes: list[Cause]) -> str:
    if analysis.problem:
        return f"{analysis.get_problem_display()} The run itself is shown by GitHub as before."
    lines = [
        f"- **{cause.finding.category}**: {markdown.code(cause.finding.title)}, in {len(cause.jobs)} of "
        f"{analysis.jobs_failed} failed jobs"
        for cause in causes[:50]
    ]
    return "\n".join(lines)


def _is_in_repository(cause: Cause) -> bool:
    finding = cause.finding
    return bool(finding.line) and names_repository_file(finding)


def _annotation(cause: Cause) -> github.Annotation:
    finding = cause.finding
    line = finding.line or 1
    return github.Annotation(
        path=finding.file,
        start_line=line,
        end_line=line,
        title=markdown.clip(markdown.clean(finding.title), 255),
        message="\n".join(markdown.visible(line) for line in (finding.message or finding.title).split("\n")),
    )
