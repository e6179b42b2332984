"""ShellCheck in its terminal and gcc forms, and Bats' pretty report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

HEADING = re.compile(r"^In (?P<file>\S.*) line (?P<line>\d{1,7}):$")
CARET = re.compile(
    r"^(?P<before>\s*)\^-*\^?-? (?P<code>SC\d{4}) \((?P<level>error|warning|info|style)\): (?P<message>.+)$"
)
GCC = re.compile(
    r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?P<level>error|warning|note): (?P<message>.+) \["
    r"(?P<code>SC\d{4})\]$"
)
ORDER = {"error": CERTAIN, "warning": CERTAIN, "info": 0.9, "note": 0.9, "style": 0.9}


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    place: re.Match[str] | None = None
    for number in hits:
        text = log.text(number)
        if heading := HEADING.match(text):
            place = heading
        elif found := GCC.match(text):
            yield issue(number, number, found, found["file"], int(found["line"]), int(found["column"]))
        elif place and (found := CARET.match(text)):
            yield issue(number, number, found, place["file"], int(place["line"]), len(found["before"]) + 1)


def issue(first: int, last: int, found: re.Match[str], file: str, line: int, column: int) -> Diagnostic:
    code, message = found["code"], found["message"]
    file = in_repository(file)
    return Diagnostic(
        title=f"{code} {message}"[:120],
        category="lint",
        lines=((first, last),),
        message=f"{code}: {message}",
        file=file,
        line=line,
        column=column,
        suggestion=f"Check it here: shellcheck {file}"
        f"; where it is meant so, say above the line: # shellcheck disable={code}",
        confidence=ORDER[found["level"]],
    )


SHELLCHECK = Detector(
    "shellcheck", (r"In .{1,300} line [0-9]+:", r"\^-{0,200}\^?-? SC[0-9]{4} ", r"\[SC[0-9]{4}\]"), find
)

BATS = re.compile(r"^\s?✗ (?P<test>.+?)(?: \[\d+.*\])?$")
BATS_PLACE = re.compile(
    r"^\s+\((?:in test file |from function .+ in (?:test )?file |in file )(?P<file>\S+?), line (?P<line>\d{1,7})"
)
BATS_SAID = re.compile(r"^\s+`(?P<message>.+)' failed")


def find_bats(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = re.sub(r"^.*(?=✗)", "", log.text(number))  # the pretty report writes over its own line
        test = BATS.match(text)
        place = BATS_PLACE.match(log.text(number + 1))
        if test and place:
            said = next((m for m in (BATS_SAID.match(log.text(n)) for n in range(number + 1, number + 6)) if m), None)
            yield Diagnostic(
                title=f"{test['test']} failed",
                category="test",
                lines=((number, number + 2 if said else number + 1),),
                message=f"{said['message']} failed" if said else test["test"],
                file=in_repository(place["file"]),
                line=int(place["line"]),
                failed_tests=(test["test"],),
                suggestion=(
                    f"Run it alone and see its output: bats --print-output-on-failure -f {quote(test['test'])} "
                    f"{quote(in_repository(place['file']))}"
                ),
                confidence=CERTAIN,
            )


DETECTORS = (SHELLCHECK, Detector("bats", (r"\xe2\x9c\x97 ",), find_bats))
