"""The engine: a log in, a report out."""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence

from ci_analysis.engine import steps
from ci_analysis.engine.candidates import Candidate, find_candidates
from ci_analysis.engine.categories import Category
from ci_analysis.engine.classify import classify, suggest
from ci_analysis.engine.detectors import Diagnostic
from ci_analysis.engine.evidence import evidence_lines, grow, to_ranges
from ci_analysis.engine.fingerprint import fingerprint
from ci_analysis.engine.paths import in_repository
from ci_analysis.engine.report import Finding, Report
from ci_analysis.engine.scan import scan
from ci_analysis.engine.scope import Scope
from ci_analysis.engine.showing import Showing

ENGINE_VERSION = "1"
MAX_FINDINGS = 10
MAX_TESTS = 1000
OUT_OF_QUOTES = re.compile(r"['`\r\n]|\$\(")  # what leaves the single quotes around a test's name
COMMAND = re.compile(r"[\s;&|$`'\"<>(){}*]")  # what a shell would not take for a part of a file's name
CONTEXT = 20  # lines below a diagnostic whose words may tell its category
CONTEXT_CHARS = 300  # of each of them
EXCERPT_CHARS = 4000


def analyze(
    log: bytes | mmap.mmap,
    *,
    baselines: Sequence[bytes | mmap.mmap] = (),
    failed_steps: Sequence[str] = (),
    excerpt_chars: int = EXCERPT_CHARS,
) -> Report:
    """Find the lines that explain why the job of this log failed.

    baselines: logs of green runs of the same job. failed_steps: names of the steps that failed, where the CI service
    tells them. excerpt_chars: the longest excerpt in characters. Never raises on any bytes; same input, same report.
    """
    found = scan(log, baselines)
    failing = steps.failed(steps.find_steps(found), failed_steps)
    if not failing and steps.looks_green(found):
        return nothing(found.log.last)
    scope = Scope(found, failing)
    if not scope.green_logs_help():
        found.novel = None
        scope = Scope(found, failing)
    candidates = find_candidates(scope)
    return explain(scope, candidates, max(0, excerpt_chars)) if candidates else nothing(found.log.last)


def prepare() -> None:
    """Compile all patterns, which takes a process about a second; without it the first analysis does."""
    analyze(b"error: none\n")


def nothing(lines: int) -> Report:
    """The report on a log that shows no failure."""
    return Report(None, None, (), (), "", (), lines, {})


def explain(scope: Scope, candidates: Sequence[Candidate], excerpt_chars: int) -> Report:
    showing = Showing(scope)
    lines = evidence_lines(scope, candidates)
    found = findings(scope, candidates, showing)
    tests = dict.fromkeys(showing.text(test) for c in candidates for test in c.diagnostic.failed_tests)
    text = showing.excerpt(candidates, lines, excerpt_chars)
    return Report(
        category=found[0].category,
        failed_step=showing.text(scope.step_name) or None,
        failed_tests=tuple(tests)[:MAX_TESTS],
        evidence=to_ranges(lines),
        excerpt=text,
        findings=found,
        lines=scope.log.last,
        redactions=dict(sorted(showing.redactions.items())),
        failed_step_line=scope.failing[0].first if scope.failing else None,
    )


def findings(scope: Scope, candidates: Sequence[Candidate], showing: Showing) -> tuple[Finding, ...]:
    """One finding a cause: what has the same name, the same title at the same place, or the same line, is said once."""
    found: list[Finding] = []
    seen: set[object] = set()
    for candidate in candidates:
        if len(found) >= MAX_FINDINGS:
            break
        finding = make_finding(scope, candidate, showing)
        names = {finding.fingerprint, (finding.tool, finding.title, finding.file, finding.line), candidate.first}
        if not names & seen:
            found.append(finding)
        seen |= names
    return tuple(found)


def make_finding(scope: Scope, candidate: Candidate, showing: Showing) -> Finding:
    d = candidate.diagnostic
    showing.learn(d)
    category = d.category if d.category != "unknown" else category_of(scope, d)
    message = showing.text(d.message)
    file = in_repository(d.file) if d.file else None
    suggestion = d.suggestion if is_harmless(d) else ""
    title, suggestion = (text.replace(d.file, file) if d.file and file else text for text in (d.title, suggestion))
    tests = tuple(showing.text(test) for test in d.failed_tests)
    return Finding(
        title=showing.text(title),
        category=category,
        confidence=round(candidate.score, 3),
        lines=d.lines,
        file=showing.text(file) if file else None,
        line=d.line,
        column=d.column,
        message=message,
        suggestion=showing.text(suggestion or suggest(category)),
        tool=candidate.tool,
        failed_tests=tests,
        fingerprint=fingerprint(candidate.tool, category, message, file, tests),
        excerpt=showing.finding_excerpt(d),
    )


def is_harmless(diagnostic: Diagnostic) -> bool:
    """Whether a reader may copy the suggested command: names come from a log that anybody's pull request can write."""
    names = " ".join(diagnostic.failed_tests)
    return not (OUT_OF_QUOTES.search(names) or COMMAND.search(diagnostic.file or ""))


def category_of(scope: Scope, diagnostic: Diagnostic) -> Category:
    """By the message's words, by those of the lines that go with it, by the step's command."""
    number = diagnostic.lines[0][0]
    bounds = scope.bounds(number)
    near = [n for n in grow(scope.scan, number, bounds) if n > number or n in scope.strengths]
    near += [n for n in range(number, min(bounds[1], number + CONTEXT) + 1) if n in scope.strengths]
    context = "\n".join(scope.log.text(n)[:CONTEXT_CHARS] for n in near[:CONTEXT])
    return classify(diagnostic.message[: 2 * CONTEXT_CHARS], context, scope.step_name, diagnostic.file)
