"""Bun, Deno and cucumber-js."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import own_frame
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

BUN = re.compile(r"^(?:\(fail\)|✗) (?P<test>.+?)(?: \[[\d.]+ ?m?s\])?$")
BUN_DONE = re.compile(r"^(?:\((?:pass|fail|skip|todo)\)|[✓✗»]) |^\S+\.[cm]?[jt]sx?:$|^bun test ")
BUN_SAID = re.compile(r"^(?:error: |(?:[A-Z]\w*)?(?:Error|Exception): ).*")
DENO = re.compile(r"^(?P<test>\S.*) => (?:\./)?(?P<file>\S+?):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
DENO_TYPE = re.compile(r"^(?:error: )?(?P<code>TS\d+) \[ERROR\]: (?P<message>.+)$")
DENO_FMT = re.compile(r"^from (?:file://)?(?P<file>\S+):$")
DENO_FMT_TOTAL = re.compile(r"^error: Found \d+ not formatted files?")
SCENARIO = re.compile(r"^\d+\) Scenario: (?P<test>.+?)(?: \(attempt .*\))? # (?P<file>\S+?):(?P<line>\d{1,7})$")
STEP = re.compile(r"^\s+[✖✘?] (?P<step>.+)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if bun := BUN.match(text):
            yield bun_test(log, number, bun["test"])
        elif (deno := DENO.match(text)) and log.text(number + 1).startswith("error: "):
            frame = own_frame(log, number + 2, number + 12) or deno
            yield failed(
                deno["test"],
                ((number, number + 1),),
                log.text(number + 1).removeprefix("error: "),
                frame,
                f"Run it alone: deno test --filter {quote(deno['test'].split(' ... ')[-1])} {quote(deno['file'])}",
            )
        elif types := DENO_TYPE.match(text):
            yield deno_type(log, number, types)
        elif SCENARIO.match(text):
            yield scenario(log, number)
        elif DENO_FMT_TOTAL.match(text):
            yield from deno_format(log, number)


def failed(
    test: str, lines: tuple[tuple[int, int], ...], message: str, place: re.Match[str] | None, suggestion: str
) -> Diagnostic:
    fields = place.groupdict() if place else {}
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=lines,
        message=message,
        file=in_repository(fields["file"]) if fields.get("file") else None,
        line=int(fields["line"]) if fields.get("line") else None,
        column=int(fields["column"]) if fields.get("column") else None,
        failed_tests=(test,),
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def bun_test(log: Log, number: int, test: str) -> Diagnostic:
    """Bun prints the error above the test's name."""
    start = (log.find(BUN_DONE, number - 1, max(1, number - 120)) or max(0, number - 120)) + 1
    said = log.find(BUN_SAID, start, number - 1) if start < number else None
    place = own_frame(log, said or start, number)
    lines = ((said, said), (number, number)) if said else ((number, number),)
    message = log.text(said).removeprefix("error: ") if said else test
    return failed(test, lines, message, place, f"Run it alone: bun test -t {quote(test.split(' > ')[-1])}")


def deno_type(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    place = own_frame(log, number + 1, number + 8)
    return Diagnostic(
        title=f"{found['code']}: {found['message']}"[:120],
        category="types",
        lines=((number, number),),
        message=f"{found['code']}: {found['message']}",
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        suggestion=f"Check it here: deno check {in_repository(place['file']) if place else '.'}",
        confidence=CERTAIN,
    )


def scenario(log: Log, number: int) -> Diagnostic:
    found = SCENARIO.match(log.text(number))
    step = log.find(STEP, number + 1, number + 40)
    said = step + 1 if step and log.text(step + 1).startswith("      ") else step
    lines = ((number, number), (step, said)) if step and said else ((number, number),)
    test = found["test"] if found else ""
    return failed(
        test,
        lines,
        log.text(said).strip() if said else test,
        found,
        f"Run it alone: npx cucumber-js {found['file']}:{found['line']}" if found else "",
    )


def deno_format(log: Log, number: int) -> Iterator[Diagnostic]:
    for line in range(max(1, number - 400), number):
        if file := DENO_FMT.match(log.text(line)):
            name = in_repository(file["file"])
            yield Diagnostic(
                f"{name} is not formatted",
                "lint",
                ((line, line), (number, number)),
                log.text(number).removeprefix("error: "),
                file=name,
                suggestion=f"Format it and commit: deno fmt {name}",
                confidence=CERTAIN,
            )


DETECTOR = Detector(
    "bun/deno/cucumber",
    (
        r"\(fail\)",
        r"\xe2\x9c\x97 .{1,300} \[[0-9.]{1,12} ?m?s\]",
        r" => .{0,12}[^ ]{1,300}:[0-9]{1,6}:[0-9]{1,5}",
        r"TS[0-9]{3,5}.{0,12} \[ERROR\]",
        r"\) Scenario: ",
        r"not formatted file",
    ),
    find,
)
