"""Linters of C and C++: clang-tidy, clang-format, cppcheck, cpplint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

PLACE = (
    r"^(?P<file>[^\s:][^:]*\.(?:c|cc|cpp|cxx|c\+\+|m|mm|cu|h|hh|hpp|hxx|inl|ipp|tpp)):"
    r"(?P<line>\d{1,7}):(?:(?P<column>\d{1,7}):)? "
)
TIDY = re.compile(
    PLACE
    + (
        r"(?P<level>error|warning): (?P<message>.+) \[(?P<check>(?:[a-z]+-)+[\w.-]+)"
        r"(?P<error>,-warnings-as-errors)?\]$"
    )
)
FORMAT = re.compile(
    PLACE + r"error: (?P<message>code should be clang-formatted) \[(?P<check>-Wclang-format-violations)\]$"
)
CPPCHECK = re.compile(
    PLACE
    + (
        r"(?P<level>error|warning|style|performance|portability|information): (?P<message>.+) \["
        r"(?P<check>[a-z]\w+)\]$"
    )
)
CPPCHECK_OLD = re.compile(
    r"^\[(?P<file>[^\s:\]]+\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx)):(?P<line>\d{1,7})\](?: -> \[.+?\])?:"
    r"(?P<column>) \((?P<level>error|warning|style|performance|portability)\) (?P<message>.+)$"
)
CPPLINT = re.compile(
    r"^(?P<file>[^\s:]+\.(?:c|cc|cpp|cxx|cu|h|hh|hpp|hxx)):(?P<line>\d{1,7}):(?P<column>)  "
    r"(?P<message>.+)  \[(?P<check>\w+/\w+)\] \[\d\]$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    formatted: set[str] = set()
    for number in hits:
        text = log.text(number)
        if issue := FORMAT.match(text):
            if issue["file"] not in formatted:
                formatted.add(issue["file"])
                yield lint("clang-format", number, issue, f"Format it: clang-format -i {issue['file']}")
        elif issue := TIDY.match(text):
            if issue["level"] == "error" and not issue["check"].startswith("clang-diagnostic-error"):
                yield lint(
                    "clang-tidy",
                    number,
                    issue,
                    f"Run it here: clang-tidy --fix --checks='-*,{issue['check']}' {issue['file']}",
                )
        elif issue := CPPCHECK.match(text) or CPPCHECK_OLD.match(text):
            if issue["level"] == "error":
                yield lint("cppcheck", number, issue, f"Run it here: cppcheck {issue['file']}")
        elif issue := CPPLINT.match(text):
            yield lint("cpplint", number, issue, f"Run it here: cpplint {issue['file']}")


def lint(tool: str, number: int, issue: re.Match[str], advice: str) -> Diagnostic:
    check = issue.groupdict().get("check")
    return Diagnostic(
        title=f"{tool}: {issue['file']} is not formatted" if tool == "clang-format" else f"{tool}: {issue['message']}",
        category="lint",
        lines=((number, number),),
        message=f"{issue['message']} [{check}]" if check else issue["message"],
        file=issue["file"],
        line=int(issue["line"]),
        column=int(issue["column"]) if issue["column"] else None,
        suggestion=advice,
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "C++ linters",
    (
        r"-warnings-as-errors\]",
        r"clang-format-violations\]",
        r": error: .{1,400} \[[a-z][\w-]{3,60}\]",
        r"\]: \(error\) ",
        r"\] \[[1-5]\](?:\s|$)",
    ),
    find,
)
