"""Vitest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import own_frame
from ci_analysis.engine.lines import Log

FAILED = re.compile(
    r"^\s*FAIL  (?:\|[^|]+\| |[\w@/.-]+ )?(?P<file>[^\s>]+\.(?:[cm]?[jt]sx?|vue|svelte))(?: > (?P<name>.+?)| \[ .+ \])$"
)
RULE = re.compile(r"^⎯{3,}")
UNHANDLED = re.compile(
    r"^⎯+ (?P<what>Unhandled (?:Rejection|Error|Exception)|Uncaught Exception|Startup Error|Typecheck Error) ?⎯+$"
)
THRESHOLD = re.compile(r"^ERROR: (?P<message>Coverage for .+ does not meet .+)$")
NO_TESTS = re.compile(r"^(?:No test files found|No test suite found).*")
TOTAL = re.compile(r"^\s*(?:Tests|Test Files)  .*\b\d+ failed")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if failed := FAILED.match(text):
            yield failed_test(log, number, failed)
        elif unhandled := UNHANDLED.match(text):
            yield from unhandled_error(log, number, unhandled["what"])
        elif threshold := THRESHOLD.match(text):
            yield Diagnostic(
                "Test coverage is below the threshold",
                "test",
                ((number, number),),
                threshold["message"],
                suggestion="See which lines no test reaches: npx vitest run --coverage",
                confidence=CERTAIN,
            )
        elif NO_TESTS.match(text):
            yield Diagnostic(
                "Vitest found no tests",
                "configuration",
                ((number, number),),
                text,
                suggestion=(
                    "Correct test.include or the filter that was given, or pass --passWithNoTests where no tests "
                    "are fine"
                ),
                confidence=CERTAIN,
            )
        elif TOTAL.match(text):
            yield Diagnostic("Tests failed", "test", ((number, number),), text, confidence=SYMPTOM)


def failed_test(log: Log, number: int, failed: re.Match[str]) -> Diagnostic:
    first = min(log.run(number, FAILED, 100) + 1, log.last)  # tests that failed with the same error share one message
    end = (log.find(RULE, first, first + 120) or first + 120) - 1
    place = own_frame(log, first, end)
    name = f"{failed['file']} > {failed['name']}" if failed["name"] else failed["file"]
    message = log.text(first).strip()
    return Diagnostic(
        title=f"{name.split(' > ')[-1]} failed" if failed["name"] else f"{name} could not be run",
        category="test",
        lines=((number, number), (first, first)),
        message=message,
        file=place["file"].removeprefix("./") if place else failed["file"],
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        failed_tests=(name,) if failed["name"] else (),
        suggestion=suggestion(failed, message),
        confidence=CERTAIN,
    )


def suggestion(failed: re.Match[str], message: str) -> str:
    if module := re.search(r"(?:Cannot find (?:module|package)|Failed to resolve import) ['\"]([^'\"]+)['\"]", message):
        return f"Correct the import of {module[1]} (path, alias in vite.config, or a package to install)"
    if failed["name"] and "Snapshot" in message:
        return (
            f"If the new output is wanted, renew the snapshot and commit it: npx vitest run {quote(failed['file'])} -u"
        )
    if failed["name"]:
        return f"Run it alone: npx vitest run {quote(failed['file'])} -t {quote(failed['name'].split(' > ')[-1])}"
    return f"Run it alone: npx vitest run {quote(failed['file'])}"


def unhandled_error(log: Log, number: int, what: str) -> Iterator[Diagnostic]:
    first = next((n for n in range(number + 1, number + 5) if log.text(n).strip()), None)
    if first is None:
        return
    place = own_frame(log, first, first + 25)
    yield Diagnostic(
        title=f"{what}: {log.text(first).strip()}"[:120],
        category="configuration" if what == "Startup Error" else "types" if what == "Typecheck Error" else "test",
        lines=((number, first),),
        message=log.text(first).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        suggestion=(
            "All tests passed but something they started failed afterwards: await it in the test, or stop it in "
            "afterEach"
        )
        if "Unhandled" in what
        else "",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "vitest",
    (
        r"FAIL.{1,30}  ?.{0,60}\.(?:[cm]?[jt]sx?|vue|svelte)",
        r"Unhandled (?:Rejection|Error|Exception)|Uncaught Exception|Startup Error|Typecheck Error",
        r"ERROR: Coverage for ",
        r"No test (?:files|suite) found",
        r"Test(?:s| Files).{1,30}failed",
    ),
    find,
)
