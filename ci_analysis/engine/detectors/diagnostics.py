"""The forms in which compilers and linters of all kinds name a place: path:line:column: message and its relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import GENERIC, WEAK, Detector, Diagnostic
from ci_analysis.engine.lines import Log

PATH = (
    r"(?P<file>(?:[A-Za-z]:[\\/])?[^\s:()\[\]'\"<>|,=]*[\w-]\.[A-Za-z]\w{0,9}"
    r"|(?:[^\s:()\[\]'\"<>|,=]+/)?(?:Dockerfile|Makefile|Rakefile|Gemfile)[\w.]*)"
)
LEVEL = r"^\s{0,12}(?:\[?(?:ERROR|error|Error|FATAL|[eE])\]?:? +)?"
PLACED = (
    # path:line:column: message, path:line: message
    re.compile(
        LEVEL + PATH + r":(?P<line>\d+)(?:[:.](?P<column>\d+))?(?:-\d+(?::\d+)?)?(?::| -|\s)\s*(?P<message>\S.*)$"
    ),
    # path(line,column): message
    re.compile(LEVEL + PATH + r"\((?P<line>\d+)(?:,(?P<column>\d+))?(?:,\d+,\d+)?\)\s*:\s*(?P<message>\S.*)$"),
    # path:[line,column] message
    re.compile(LEVEL + PATH + r":\[(?P<line>\d+),(?P<column>\d+)\]\s*(?P<message>\S.*)$"),
    # message at the beginning, place below: --> path:line:column
    re.compile(r"^\s*(?:-->|╭─\[|┌─|╭▸|—▸|→) ?" + PATH + r":(?P<line>\d+):(?P<column>\d+)\]?$"),
)
SAYS_ERROR = re.compile(
    r"^(?:(?:fatal |internal |syntax )?error\b|fatal\b|[EF]\d{3,4}\b|err\b|failure\b|✖)", re.IGNORECASE
)
SAYS_LESS = re.compile(
    r"^(?:warning|warn|note|info|hint|debug|notice|suggestion|remark|help|style|in |from |required from"
    r"|instantiated|W\d{3,4}\b|I\d{3,4}\b|at )",
    re.IGNORECASE,
)
CODE = re.compile(
    r"^\(?\[?(?:[A-Z]{1,8}-?\d{1,5}|[a-z]+(?:[-/][a-z]+)+)\b[\]):]*\s|\s[\[(](?:[A-Z]{1,8}-?\d{1,5}"
    r"|[a-z@]+(?:[-/][\w-]+)+)[\])]$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        for pattern in PLACED:
            placed = pattern.match(text)
            if placed:
                yield from placed_diagnostic(log, number, text, placed)
                break


def placed_diagnostic(log: Log, number: int, text: str, placed: re.Match[str]) -> Iterator[Diagnostic]:
    fields = placed.groupdict()
    message, first = fields.get("message"), number
    if message is None:
        first = number - 1
        message = log.text(first).strip()
    if SAYS_LESS.match(message) or not message:
        return
    certain = SAYS_ERROR.match(message) or CODE.search(message) or text.lstrip("[").lower().startswith("error")
    if text.startswith(" ") and not SAYS_ERROR.match(message) and first == number:
        return
    yield Diagnostic(
        title=message[:120],
        category="unknown",
        lines=((first, number),),
        message=message,
        file=fields["file"],
        line=int(fields["line"]),
        column=int(fields["column"]) if fields.get("column") else None,
        confidence=GENERIC if certain or log.marker(number) == "error" else WEAK,
    )


DETECTOR = Detector(
    "diagnostic",
    (
        r"[A-Za-z]:[0-9]{1,6}(?::[0-9]{1,5})?(?:-[0-9]{1,5}(?::[0-9]{1,5})?)?(?:: | - |:? +[A-Za-z\[(]{2})",
        r"[a-z]\([0-9]{1,6}(?:,[0-9]{1,5})?\) ?: ",
        r"[a-z]:\[[0-9]{1,6},[0-9]{1,5}\]",
        r"(?:-->|\xe2\x94\x8c\xe2\x94\x80|\xe2\x95\xad\xe2\x94\x80\[) ?.{1,300}:[0-9]{1,6}:[0-9]{1,5}",
    ),
    find,
)
