"""Jest, and what is built on it: react-scripts, ts-jest, jest-expo, nx."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import is_library

FILE = re.compile(r"^\s*FAIL\s+(?:[\w@/.-]+ )?(?P<file>\S+\.[cm]?[jt]sx?|\S+\.(?:vue|svelte|coffee|feature|snap))\b")
SUITE = re.compile(r"^\s*(?:FAIL|PASS)\s+\S")
FAILED = re.compile(r"^  ● (?P<test>\S.*)$")
CONSOLE = re.compile(r"^(?:Console|Test suite failed to run)$")
SUITE_FAILED = "Test suite failed to run"
BLANK = re.compile(r"^\s*$")
CODE = re.compile(r"^\s*(?:>\s*)?\d+ \|")
FRAME = re.compile(
    r"^\s+at (?:.{0,300}[( ])?(?:file://)?(?P<file>[^\s():]+\.\w{1,6}):(?P<line>\d{1,7}):(?P<column>\d{1,7})\)?$"
)
PLACE = re.compile(r"(?P<file>[^\s():'\"]+\.[cm]?[jt]sx?)(?::| \()(?P<line>\d{1,7})[:,](?P<column>\d{1,7})\)?")
SUMMARY = re.compile(r"^Summary of all failing tests$")
THRESHOLD = re.compile(r"^Jest: (?P<message>.*coverage.*(?:threshold|not met).*|Coverage for .*)$", re.IGNORECASE)
NO_TESTS = re.compile(r"^No tests found, exiting with code 1|^No tests found related to files")
OBSOLETE = re.compile(r"^ › (?P<message>\d+ snapshots? obsolete.*)|^(?P<config>● Validation Error:)")
TOTAL = re.compile(r"^Tests:\s+.*\b\d+ failed")
REACH = 150  # lines of one failure


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    file: str | None = None
    seen: set[str] = set()
    for number in hits:
        text = log.text(number)
        if suite := FILE.match(text):
            file = suite["file"]
        elif failed := FAILED.match(text):
            test = failed["test"].strip()
            name = f"{file} {test}" if test == SUITE_FAILED else test
            if name not in seen and not test.startswith("Console"):
                seen.add(name)
                yield failed_test(log, number, test, file)
        else:
            yield from run_failure(number, text)


def failed_test(log: Log, number: int, test: str, file: str | None) -> Diagnostic:
    end = section_end(log, number)
    first = next((n for n in range(number + 1, end + 1) if log.text(n).strip()), number)
    last = message_end(log, first, end)
    message = " ".join(log.text(n).strip() for n in range(first, min(first + 2, last) + 1) if log.text(n).strip())
    place = place_of(log, first, end)
    broken = test == SUITE_FAILED
    return Diagnostic(
        title=f"{file or 'A test file'} could not be run" if broken else f"{test} failed",
        category=suite_category(message) if broken else "test",
        lines=((number, number), (first, last)),
        message=message,
        file=place["file"].removeprefix("./") if place and not is_library(place["file"]) else file,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
        failed_tests=() if broken else (test,),
        suggestion=suggestion(test, file, message),
        confidence=CERTAIN,
    )


def section_end(log: Log, number: int) -> int:
    """Up to the next failure, the next file, or the totals."""
    for line in range(number + 1, min(number + REACH, log.last) + 1):
        text = log.text(line)
        if FAILED.match(text) or SUITE.match(text) or text.startswith(("Test Suites:", " › ", "----------|")):
            return line - 1
    return min(number + REACH, log.last)


def message_end(log: Log, first: int, end: int) -> int:
    """The message ends where the code frame or the stack trace begins."""
    last = first
    for line in range(first, min(end, first + 25) + 1):
        text = log.text(line)
        if CODE.match(text) or FRAME.match(text):
            break
        if text.strip():
            last = line
    return last


def place_of(log: Log, first: int, end: int) -> re.Match[str] | None:
    """The first stack frame that is no library's, else a place named in the message."""
    for number in range(first, end + 1):
        frame = FRAME.match(log.text(number))
        if frame and not is_library(frame["file"]) and not frame["file"].startswith("node:"):
            return frame
    return next((p for p in (PLACE.search(log.text(n)) for n in range(first, min(end, first + 12) + 1)) if p), None)


def suite_category(message: str) -> Category:
    if re.search(r"error TS\d+|TS\d+:|- error", message):
        return "types"
    return "compile" if re.search(r"SyntaxError|Unexpected token|Failed to parse", message) else "test"


def suggestion(test: str, file: str | None, message: str) -> str:
    if "toMatchSnapshot" in message or "toMatchInlineSnapshot" in message:
        return (
            f"If the new output is wanted, renew the snapshot and commit it: npx jest {quote(file or '.')} -u".replace(
                "  ", " "
            )
        )
    if module := re.search(r"Cannot find module '([^']+)'", message):
        return (
            f"Correct the import of {module[1]}, or install the package: the file runs alone with npx jest "
            f"{quote(file or '.')}"
        ).rstrip()
    if "Exceeded timeout" in message or "jest.setTimeout" in message:
        return (
            "Find what the test waits for (a callback that is never called, a promise that is not awaited) before "
            "raising its timeout"
        )
    return f"Run it alone: npx jest {quote(file or '.')} -t {quote(test.split(' › ')[-1])}".replace("  ", " ")


def run_failure(number: int, text: str) -> Iterator[Diagnostic]:
    if threshold := THRESHOLD.match(text):
        yield Diagnostic(
            "Test coverage is below the threshold",
            "test",
            ((number, number),),
            threshold["message"],
            suggestion=(
                "See which lines no test reaches in the table above, or: npx jest --coverage --coverageReporters=text"
            ),
            confidence=CERTAIN,
        )
    elif NO_TESTS.match(text):
        yield Diagnostic(
            "Jest found no tests",
            "configuration",
            ((number, number),),
            text,
            suggestion="Correct testMatch or the path that was given, or pass --passWithNoTests where none are fine",
            confidence=CERTAIN,
        )
    elif TOTAL.match(text):
        yield Diagnostic("Tests failed", "test", ((number, number),), text, confidence=SYMPTOM)


DETECTOR = Detector(
    "jest",
    (
        r"FAIL\b.{1,400}\.(?:[cm]?[jt]sx?|vue|svelte)",
        r"\xe2\x97\x8f (?:\x1b\[[0-9;]{1,8}m){0,4}[^ ]",
        r"(?i)Jest: .{0,300}coverage",
        r"No tests found",
        r"Tests: .{1,80} failed",
    ),
    find,
)
