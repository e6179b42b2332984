"""cargo test (libtest), nextest, and rustfmt --check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

RESULT = re.compile(r"^test (?P<test>.+?) \.\.\. FAILED(?: \(.*\)| <.*>)?$")
LISTED = re.compile(r"^    (?P<test>\S.*)$")
# libtest's heading, and nextest's
HEADING = re.compile(r"^---- (?P<test>.+?) (?:stdout|stderr) ----$")
NEXTEST_HEADING = re.compile(r"^\s*(?:-{3}|─{3,}) (?:TRY \d+ )?STD(?:OUT|ERR): +\S+ (?P<next>\S+?)(?: -{3})?$")
PANICKED = re.compile(
    r"^thread '.*' (?:\(\d+\) )?panicked at (?:'(?P<old>.*?)'?, )?(?P<file>[^\s:,']+\.rs):"
    r"(?P<line>\d{1,7}):(?P<column>\d{1,7}):?$"
)
OLD_START = re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at '(?P<message>.*)$")
OLD_END = re.compile(r"^(?P<rest>.*)', (?P<file>[^\s:,']+\.rs):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
NEXTEST = re.compile(
    r"^\s+(?:TRY \d+ )?(?P<how>FAIL|SIGSEGV|SIGABRT|ABORT|TIMEOUT|SIG\w+) \[.*?\](?: \(.*?\))? "
    r"\S+ (?P<test>\S+)$"
)
DIED = re.compile(r"^  process didn't exit successfully: `.+?`.*\((?:signal|exit (?:status|code)): (?P<how>.+)\)")
SUMMARY = re.compile(r"^test result: FAILED\.")
FORMAT = re.compile(r"^Diff in (?P<file>.+?)(?::| at line )(?P<line>\d{1,7}):$")


def find_tests(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    failures: dict[str, int] = {}
    headings: dict[str, int] = {}
    for number in hits:
        text = log.text(number)
        if result := RESULT.match(text) or NEXTEST.match(text):
            failures.setdefault(result["test"].removesuffix(" - should panic"), number)
        elif heading := HEADING.match(text):
            headings.setdefault(heading["test"], number)
        elif heading := NEXTEST_HEADING.match(text):
            headings[heading["next"]] = number  # of standard output and error the latter holds the panic
        elif SUMMARY.match(text):
            failures = listed(log, number) | failures
    for test in headings:
        failures.setdefault(test, headings[test])
    for test, number in failures.items():
        yield test_failure(log, test, number, headings.get(test))
    if not failures:
        yield from aborted(log, hits)


def listed(log: Log, summary: int) -> dict[str, int]:
    """The names that stand indented above `test result: FAILED`; the output of a test may have broken its own line."""
    names = {}
    for number in range(summary - 1, max(1, summary - 1000), -1):
        text = log.text(number)
        if name := LISTED.match(text):
            names[name["test"]] = number
        elif text:
            return dict(reversed(names.items())) if text.startswith("failures:") else {}
    return {}


def test_failure(log: Log, test: str, number: int, heading: int | None) -> Diagnostic:
    lines, message, place = [(number, number)], "", None
    if heading:
        first, last, message, place = panic(log, heading)
        lines = [(number, number), (first, last)] if number < first else [(first, last)]
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=tuple(lines),
        message=message or log.text(number).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: cargo test {'--doc' if ' (line ' in test else ''} -- --exact '{test}'".replace(
            "  ", " "
        ),
        confidence=CERTAIN,
    )


def panic(log: Log, heading: int) -> tuple[int, int, str, re.Match[str] | None]:
    """Lines, message and place of the panic below a heading; since Rust 1.73 the place comes first."""
    for number in range(heading + 1, min(log.last, heading + 200) + 1):
        text = log.text(number)
        if HEADING.match(text) or text == "failures:":
            break
        if place := PANICKED.match(text):
            if place["old"] is not None:
                return number, number, place["old"], place
            end = log.run(number, re.compile(r"^(?!note: run with|stack backtrace)\S|^ +(?:left|right):"), 6)
            return number, end, " ".join(log.text(n).strip() for n in range(number + 1, end + 1)), place
        if start := OLD_START.match(text):
            return old_panic(log, number, start["message"])
    return heading, min(heading + 1, log.last), log.text(heading + 1).strip(), None


def old_panic(log: Log, number: int, message: str) -> tuple[int, int, str, re.Match[str] | None]:
    for end in range(number, min(log.last, number + 20) + 1):
        if place := OLD_END.match(log.text(end)):
            middle = [log.text(n).strip() for n in range(number + 1, end)]
            return number, end, " ".join([message, *middle, place["rest"].strip()]), place
    return number, number, message, None


def aborted(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """The test program died, so that no test could be reported."""
    for number in hits:
        died = DIED.match(log.text(number))
        if died and "build-script" not in died.string:
            cause = log.find(
                re.compile(
                    r"^fatal runtime error: |has overflowed its stack|^memory allocation of|^free\(\)|^double free"
                ),
                number,
                number - 30,
            )
            lines = ((number, number),) if cause is None else ((max(1, cause - 1), cause), (number, number))
            yield Diagnostic(
                title=f"The test program died: {log.text(cause).strip() if cause else died['how']}",
                category="test",
                lines=lines,
                message=log.text(cause).strip() if cause else log.text(number).strip(),
                suggestion=(
                    "Run the tests one after the other to see which one it is: cargo test -- --test-threads=1 "
                    "--nocapture"
                ),
                confidence=CERTAIN,
            )


def find_format(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for number in hits:
        diff = FORMAT.match(log.text(number))
        if diff and diff["file"] not in seen:
            seen.add(diff["file"])
            end = log.run(number, re.compile(r"^[-+]"), 12)
            yield Diagnostic(
                title=f"{diff['file'].split('/')[-1]} is not formatted",
                category="lint",
                lines=((number, end),),
                message=f"rustfmt would change {diff['file'].split('/')[-1]}",
                file=diff["file"],
                line=int(diff["line"]),
                suggestion="Format and commit: cargo fmt --all",
                confidence=CERTAIN,
            )


DETECTORS = (
    Detector(
        "cargo test",
        (
            r" \.\.\. FAILED",
            r"---- .{1,300} std(?:out|err) ----",
            r"STD(?:OUT|ERR): ",
            r"test result: FAILED",
            r" (?:FAIL|ABORT|TIMEOUT|SIG[A-Z]{2,6}) \[",
            r"process didn't exit successfully",
        ),
        find_tests,
    ),
    Detector("rustfmt", (r"Diff in .{1,300}[0-9]:",), find_format),
)
