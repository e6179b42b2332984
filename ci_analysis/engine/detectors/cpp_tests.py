"""Test runners of C and C++: CTest, googletest, Catch2, doctest, Boost.Test and Meson's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CTEST = re.compile(
    r"^\s+\d+ - (?P<test>.+?) \((?P<how>Failed|SEGFAULT|Timeout|Not Run|Subprocess aborted"
    r"|Child aborted|ILLEGAL|INTERRUPT|NUMERICAL|OTHER_FAULT|Exit code 0x\w+|SIG\w+|BAD_COMMAND)\)"
)
CTEST_LINE = re.compile(r"^\s*\d+/\d+ Test +#\d+: (?P<test>.+?) \.*\*\*\*")
GTEST = re.compile(r"^\[  FAILED  \] (?P<test>[\w/]+\.[\w/<>:, ]+?)(?:, where .*)?(?: \(\d+ ms\))?$")
GTEST_RUN = re.compile(r"^\[ RUN      \] (?P<test>\S+)")
GTEST_ENDED = re.compile(r"^\[(?:       OK |  FAILED  |  SKIPPED |  PASSED  |==========)\]")
GTEST_PLACE = re.compile(r"^(?P<file>[^\s:()]+)[:(](?P<line>\d{1,7})\)?: (?:Failure|error)\b *(?P<message>.*)")
CATCH = re.compile(r"^(?P<file>[^\s:()]+)[:(](?P<line>\d{1,7})\)?: FAILED:.*")
CATCH_RULE = re.compile(r"^-{70,}$")
DOCTEST = re.compile(r"^(?P<file>[^\s:()]+)[:(](?P<line>\d{1,7})\)?: (?:FATAL )?ERROR: (?P<message>.+)")
DOCTEST_CASE = re.compile(r"^TEST CASE:\s+(?P<test>.+)$")
BOOST = re.compile(
    r'^(?P<file>[^\s:()]+)[:(](?P<line>\d{1,7})\)?: (?:fatal )?error: in "(?P<test>[^"]+)": ' r"(?P<message>.+)"
)
MESON = re.compile(r"^\s*\d+/\d+ (?P<test>.+?)\s+(?P<how>FAIL|ERROR|TIMEOUT|UNEXPECTEDPASS)\s+[\d.]+ ?s\b(?P<why>.*)")
SEEN_BELOW = 400  # lines of one test's output that are searched for its first failure


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    told: set[str] = set()
    starred: dict[str, int] = {}
    for number in hits:
        text = log.text(number)
        if line := CTEST_LINE.match(text):
            starred[line["test"]] = number
        elif test := CTEST.match(text):
            yield ctest(log, number, test, starred.get(test["test"]))
        elif (failed := GTEST.match(text)) and failed["test"] not in told:
            told.add(failed["test"])
            yield googletest(log, number, failed["test"])
        elif place := CATCH.match(text):
            yield from catch2(log, number, place)
        elif boost := BOOST.match(text):
            yield placed(boost["test"], boost["message"], boost, (number, number))
        elif doctest := DOCTEST.match(text):
            yield from doctest_case(log, number, doctest)
        elif meson := MESON.match(text):
            yield meson_test(number, meson)


def placed(test: str, message: str, place: re.Match[str], lines: tuple[int, int]) -> Diagnostic:
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=(lines,),
        message=message,
        file=place["file"],
        line=int(place["line"]),
        failed_tests=(test,),
        suggestion=(
            f"Look at {place['file']} line {place['line']}, and run that test alone: pass {test!r} to the test program."
        ),
        confidence=CERTAIN,
    )


def googletest(log: Log, number: int, test: str) -> Diagnostic:
    """The first failed expectation stands between the test's `[ RUN      ]` and `[  FAILED  ]`."""
    start = log.find(GTEST_RUN, number, number - SEEN_BELOW)
    run = GTEST_RUN.match(log.text(start)) if start else None
    at = log.find(GTEST_PLACE, start, number) if start and run and run["test"] == test else None
    place = GTEST_PLACE.match(log.text(at)) if at else None
    if not at or not place:
        return Diagnostic(
            f"{test} failed", "test", ((number, number),), log.text(number), failed_tests=(test,), confidence=CERTAIN
        )
    end = min(at + 6, number - 1)
    message = place["message"] or " ".join(log.text(n).strip() for n in range(at + 1, end + 1))
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=((at, end), (number, number)),
        message=message,
        file=place["file"],
        line=int(place["line"]),
        failed_tests=(test,),
        suggestion=f"Run it alone: <test program> --gtest_filter='{test}'",
        confidence=CERTAIN,
    )


def find_crash(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """A googletest that began and neither passed nor failed, in a program that never came to its summary."""
    run = GTEST_RUN.match(log.text(hits[-1]))
    if run and log.find(GTEST_ENDED, hits[-1] + 1, hits[-1] + SEEN_BELOW) is None:
        yield crash(log, hits[-1], run["test"])


def crash(log: Log, number: int, test: str) -> Diagnostic:
    return Diagnostic(
        title=f"The test program died in {test}",
        category="test",
        lines=((number, number),),
        message=log.text(number + 1) or log.text(number),
        failed_tests=(test,),
        suggestion=f"Run it under a debugger: gdb --args <test program> --gtest_filter='{test}'",
        confidence=CERTAIN,
    )


def ctest(log: Log, number: int, found: re.Match[str], at: int | None) -> Diagnostic:
    test, how = found["test"], found["how"]
    lines = ((number, number),) if at is None else ((at, at), (number, number))
    output = log.text(at + 1).strip() if at else ""
    return Diagnostic(
        title=f"{test}: {'crashed' if how not in ('Failed', 'Timeout', 'Not Run') else how.lower()}",
        category="test",
        lines=lines,
        message=output or log.text(number).strip(),
        failed_tests=(test,),
        suggestion=f"Run it alone: ctest --test-dir build -R '^{test}$' --output-on-failure",
        confidence=CERTAIN,
    )


def catch2(log: Log, number: int, place: re.Match[str]) -> Iterator[Diagnostic]:
    """The case's name stands between two rules above its first failure."""
    low = log.find(CATCH_RULE, number, number - 200)
    high = log.find(CATCH_RULE, low - 1, low - 30) if low and low > 1 else None
    test = log.text(high + 1).strip() if high else ""
    expression = log.text(number + 1).strip()
    end = min(number + 3, log.last)
    yield Diagnostic(
        title=f"{test or place['file']} failed",
        category="test",
        lines=((number, end),),
        message=expression,
        file=place["file"],
        line=int(place["line"]),
        failed_tests=(test,) if test else (),
        suggestion=f"Run it alone: <test program> '{test}'" if test else "",
        confidence=CERTAIN,
    )


def doctest_case(log: Log, number: int, place: re.Match[str]) -> Iterator[Diagnostic]:
    at = log.find(DOCTEST_CASE, number, number - 30)
    case = DOCTEST_CASE.match(log.text(at)) if at else None
    if case:
        yield placed(case["test"], place["message"], place, (number, min(number + 1, log.last)))


def meson_test(number: int, found: re.Match[str]) -> Diagnostic:
    test = found["test"].strip()
    return Diagnostic(
        title=f"{test}: {found['how'].lower()}",
        category="test",
        lines=((number, number),),
        message=f"{test} {found['how']} {found['why'].strip()}",
        failed_tests=(test,),
        suggestion=f"Run it alone with its output: meson test -C build --print-errorlogs '{test}'",
        confidence=CERTAIN,
    )


def find_symptom(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if re.match(r"^Errors while running CTest|^\d+% tests passed, [1-9]\d* tests? failed", text):
            yield Diagnostic("CTest reports failed tests", "test", ((number, number),), text, confidence=SYMPTOM)


DETECTORS = (
    Detector(
        "C++ tests",
        (
            (
                r"[0-9] - .{1,200} \((?:Failed|SEGFAULT|Timeout|Not Run|Subprocess|Child|ILLEGAL|INTERRUPT"
                r"|NUMERICAL|OTHER_FAULT|Exit|SIG|BAD_)"
            ),
            r"\[  FAILED  \]",
            r"Test +#[0-9]+: .{1,300}\*\*\*",
            r"[0-9]\)?: FAILED:",
            r"[0-9]\)?: (?:FATAL )?ERROR: ",
            r'error: in "',
            r"[0-9]/[0-9]{1,5} .{1,200} (?:FAIL|ERROR|TIMEOUT|UNEXPECTEDPASS) +[0-9]",
        ),
        find,
    ),
    Detector("googletest", (r"\[ RUN      \]",), find_crash),
    Detector("ctest", (r"Errors while running CTest", r"% tests passed, [1-9]"), find_symptom),
)
