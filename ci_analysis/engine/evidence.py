"""From candidates and words of failure to the lines that explain it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ci_analysis.engine.anchors import BARE, WRAPPER
from ci_analysis.engine.candidates import STRONG, Candidate
from ci_analysis.engine.lines import Log
from ci_analysis.engine.scan import Scan
from ci_analysis.engine.scope import Range, Scope, clusters

TRACE = re.compile(
    r"^\s+(?:at |File \"|from |in |\.\.\. \d+ more|#\d+ |\d+: |Suppressed: |[\w.$]+\(.*\)$|/\S+:\d+ \+0x)"
    r"|^\s*(?:Caused(?: by)?|Also): |^\s+\^+|^goroutine \d+|^\[signal |^created by |^[\w./*()\[\]{}-]+\(.*\)$"
    r"|^\s*\S+:\d+:in [`']|^#\d+ \S+\(\d+\)"
)
EMPTY = re.compile(BARE)
GROW = 100  # lines of a stack trace or an indented explanation below a line of evidence
NEW_BELOW = 100  # with green logs: new lines right below a line of evidence that go with it
NEW_ABOVE = 5  # and right above
MAX_EVIDENCE = 3000  # lines
TRACEBACK = "Traceback (most recent call last)"  # its frames come before the exception, which says more


def evidence_lines(scope: Scope, candidates: Sequence[Candidate]) -> set[int]:
    """The lines of the candidates and of words of failure, with what belongs to them."""
    lines: set[int] = set()
    for number in seeds(scope, set(marked(candidates))):
        if len(lines) >= MAX_EVIDENCE:
            break
        lines.add(number)
        lines.update(grow(scope.scan, number, scope.bounds(number)))
    return lines


def marked(candidates: Iterable[Candidate]) -> Iterator[int]:
    for candidate in candidates:
        for first, last in candidate.diagnostic.lines:
            yield from range(first, last + 1)


def seeds(scope: Scope, lines: set[int]) -> list[int]:
    """Marked lines and the lines with words of failure that go with them.

    With green logs every new line of that kind does. Without, those that are near a marked line: what fails elsewhere
    in the log was survived, or follows from it.
    """
    if scope.scan.novel is not None:
        return sorted(lines | scope.strengths.keys())
    strong = {n for n, s in scope.strengths.items() if s == STRONG and TRACEBACK not in scope.log.text(n)}
    return [n for place in clusters(lines | strong) if lines.intersection(place) for n in place]


def grow(scan: Scan, number: int, bounds: Range) -> Iterator[int]:
    """Lines around it that belong to it: new ones where green logs are given, else stack trace and explanation."""
    first, last = bounds
    if scan.novel is not None:
        yield from new_lines(scan, range(number + 1, min(last, number + NEW_BELOW) + 1))
        yield from new_lines(scan, range(number - 1, max(first, number - NEW_ABOVE) - 1, -1))
    elif not TRACE.match(scan.log.text(number)):
        yield from explanation(scan.log, number, min(last, number + GROW))


def new_lines(scan: Scan, numbers: range) -> Iterator[int]:
    """Lines of the range up to the first that a green log has too and that is no stack frame."""
    for line in numbers:
        text = scan.log.text(line)
        if text and not scan.is_novel(line) and not TRACE.match(text):
            return
        if scan.log.marker(line) not in ("group", "endgroup") and not (WRAPPER.match(text) or EMPTY.match(text)):
            yield line


def explanation(log: Log, number: int, last: int) -> Iterator[int]:
    """Deeper indented lines and stack frames right below; one blank line may be between."""
    base = indent(log.text(number))
    blank = 0
    for line in range(number + 1, last + 1):
        text = log.text(line)
        if not text:
            blank += 1
            if blank > 1:
                return
            continue
        if not (indent(text) > base or TRACE.match(text)) or log.marker(line):
            return
        blank = 0
        yield line


def indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def to_ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    """Sorted numbers as inclusive ranges."""
    ranges: list[Range] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
