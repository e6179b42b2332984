"""The one comment on a pull request: rendered from what is known now about the newest run of each workflow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from django.conf import settings
from django.urls import reverse

from ci_analysis import markdown
from ci_analysis.causes import Cause, by_cause, log_line_url
from ci_analysis.models import Analysis, Finding, LogOutcome, PullRequest, Run

MARKER = "<!-- fixci:v1 -->"
"""Stands first in the comment and is not shown. Together with its author it says that the comment is ours."""

MAX_CAUSES = 5
MAX_EXCERPT_LINES = 20
MAX_NAMED = 10
# GitHub refuses a body of more than 65,536 characters; the rest is room for what is counted otherwise there.
MAX_BODY = 60_000


@dataclass(frozen=True)
class Comment:
    """`says_something`: worth writing. If not, it is only there to turn an older comment green."""

    body: str
    says_something: bool


def compose(pull_request: PullRequest) -> Comment:
    """What the comment shall say of the branch's newest commit, as GitHub's own checks do. Inside the organization.

    What failed at an earlier commit is of no interest once a later one has a result, and what ran on an earlier pull
    request from a branch of this name even less.
    """
    of_branch = Run.objects.of(pull_request)
    newest = of_branch.order_by("-github_id").first()
    head = newest.head_sha if newest else ""
    runs = of_branch.filter(head_sha=head).newest_of_each_workflow().select_related("analysis", "repository")
    failed = [run for run in runs if run.failed and hasattr(run, "analysis")]
    if not failed:
        return Comment(_green(pull_request, head), says_something=False)
    body = _fitted([MARKER, *_red(failed)])
    return Comment(body, says_something=any(run.analysis.finished_at for run in failed))


def _fitted(blocks: list[str]) -> str:
    """All blocks. If they are too long, the last ones before the footer make room for a word about them."""
    body = "\n\n".join(blocks)
    *kept, footer = blocks
    while len(body) > MAX_BODY:
        kept.pop()
        body = "\n\n".join([*kept, "…and more, on the page of the analysis.", footer])
    return body


def _red(failed: list[Run]) -> list[str]:
    findings = Finding.objects.filter(analysis__run__in=failed).select_related("job__run", "analysis")
    causes = by_cause(findings.order_by("job__run_id", "job_id", "position"))
    shown = [_section(number, cause) for number, cause in enumerate(causes[:MAX_CAUSES], start=1)]
    more = len(causes) - len(shown)
    return [
        _headline(failed, causes),
        *shown,
        *([f"…and {more} more, on the page of the analysis."] if more > 0 else []),
        *chain.from_iterable(_remarks(run) for run in failed[:MAX_NAMED]),
        _footer(failed),
    ]


def _headline(failed: list[Run], causes: list[Cause]) -> str:
    jobs = sum(run.analysis.jobs_failed for run in failed)
    named = [markdown.link(markdown.prose(run.workflow_name, 100), run.html_url) for run in failed[:MAX_NAMED]]
    workflows = ", ".join(named) + _and_more(failed)
    if causes:
        title = f"{_count(len(causes), 'cause')} for {_count(jobs, 'failed job')}"
    else:
        title = "CI failed, and we could not say why"
    return f"### {title}\n{workflows} at {_commit(failed[0])}"


def _section(number: int, cause: Cause) -> str:
    finding = cause.finding
    parts = [
        f"#### {number}. {markdown.code(finding.title, 200)}",
        f"{_place(finding)} · {_jobs(cause)}",
        markdown.block(_excerpt(finding)),
        f"{markdown.link('Open the log at this line', log_line_url(finding))}",
    ]
    if finding.suggestion:
        parts.insert(3, f"**What to do:** {markdown.prose(finding.suggestion)}")
    if finding.failed_tests:
        parts.insert(3, _tests(finding))
    return "\n\n".join(parts)


def _place(finding: Finding) -> str:
    if not finding.file:
        return f"**{finding.category}**"
    place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
    return f"**{finding.category}** · {markdown.code(place)}"


def _jobs(cause: Cause) -> str:
    named = [markdown.link(markdown.prose(job.name, 80), job.html_url) for job in cause.jobs[:MAX_NAMED]]
    rest = len(cause.jobs) - len(named)
    return f"in {_count(len(cause.jobs), 'job')}: {', '.join(named)}" + (f" and {rest} more" if rest else "")


def _excerpt(finding: Finding) -> list[str]:
    """At most MAX_EXCERPT_LINES around the evidence, each with its number; a mark before the evidence."""
    lines = finding.excerpt
    if len(lines) > MAX_EXCERPT_LINES:
        first = next((index for index, line in enumerate(lines) if line["evidence"]), 0)
        start = max(0, min(first - 3, len(lines) - MAX_EXCERPT_LINES))
        lines = lines[start : start + MAX_EXCERPT_LINES]
    width = max((len(str(line["number"])) for line in lines), default=1)
    return [f"{'>' if line['evidence'] else ' '} {line['number']:>{width}}  {line['text']}" for line in lines]


def _tests(finding: Finding) -> str:
    named = [f"- {markdown.code(name)}" for name in finding.failed_tests[:MAX_NAMED]]
    rest = len(finding.failed_tests) - len(named)
    more = [f"- …and {rest} more"] if rest else []
    return "\n".join([f"{_count(len(finding.failed_tests), 'failed test')}:", *named, *more])


def _remarks(run: Run) -> list[str]:
    """What a reader has to know besides: an analysis that failed or still runs, logs that could not be read."""
    analysis = run.analysis
    name = markdown.prose(run.workflow_name, 100)
    if analysis.status not in (Analysis.Status.DONE, Analysis.Status.FAILED):
        return [f"{name}: still reading the logs."]
    problem = f"**{name}: could not analyse.** {analysis.get_problem_display()}"
    return [*([problem] if analysis.problem else []), *_unread(run, name)]


def _unread(run: Run, name: str) -> list[str]:
    unread = run.jobs.exclude(log_outcome__in=[LogOutcome.READ, ""]).order_by("github_id")
    named = [f"- {markdown.prose(job.name, 80)}: {job.get_log_outcome_display()}" for job in unread[:MAX_NAMED]]
    rest = unread.count() - len(named)
    more = [f"- …and {rest} more"] if rest > 0 else []
    return ["\n".join([f"Not fully read of {name}:", *named, *more])] if named else []


def _footer(failed: list[Run]) -> str:
    links = [
        markdown.link(f"Analysis of {markdown.prose(run.workflow_name, 100)}", page_url(run.analysis))
        for run in failed[:MAX_NAMED]
    ]
    return f"<sub>{' · '.join(links)}{_and_more(failed)}</sub>"


def _and_more(failed: list[Run]) -> str:
    return f" and {len(failed) - MAX_NAMED} more" if len(failed) > MAX_NAMED else ""


def _green(pull_request: PullRequest, head: str) -> str:
    analyses = _absolute(reverse("ci_analysis:analyses", args=[pull_request.org.slug]))
    return "\n".join(
        [
            MARKER,
            f"<details><summary>Nothing has failed so far at <code>{head[:7]}</code></summary>",
            "",
            "What failed before did so at an earlier commit or attempt. Its analyses are kept on",
            f"{markdown.link('the page of the organization', analyses)}.",
            "",
            "</details>",
        ]
    )


def page_url(analysis: Analysis) -> str:
    return _absolute(reverse("ci_analysis:analysis", args=[analysis.org.slug, analysis.pk]))


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _commit(run: Run) -> str:
    url = f"{settings.GITHUB_WEB_URL}/{run.repository.full_name}/commit/{run.head_sha}"
    return markdown.link(f"`{run.head_sha[:7]}`", url)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
