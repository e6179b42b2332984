"""What is wrong with a run of pytest and not with one of its tests: usage, conftest, plugins, coverage thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, LIKELY, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.detectors.pytest import Failure, category, message_lines, place_of, said_message, suggestion
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

THRESHOLD = re.compile(
    r"^(?:FAIL\b.*|ERROR: )?(?:Coverage failure: total of (?P<total>[\d.]+) is less than fail[-_]under="
    r"(?P<limit>[\d.]+)|.*Required test coverage of (?P<need>[\d.]+)%? not reached.*?(?P<got>[\d.]+)%?)"
)
USAGE = re.compile(
    r"^[\w.-]+: error: (?P<message>(?:unrecognized arguments|argument |ambiguous option|the following arguments).*)"
)
NOT_FOUND = re.compile(
    r"^ERROR: (?P<message>(?:file or directory not found|not found|found no collectors for"
    r"|Wrong expression passed).*|.*unknown hook.*|[^\s:]+\.(?:ini|toml|cfg)(?::\d+)?: .+)"
)
CONFTEST = re.compile(r"^ImportError while loading conftest '(?P<file>.+)'\.$")
INTERNAL = re.compile(r"^INTERNALERROR> (?P<message>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit)\b.*)")
NO_TESTS = re.compile(r"^(?:={3,} )?(?P<message>no tests ran|\d+ deselected)(?:, \d+ warnings?)? in [\d.]+s.*")
STOPPED = re.compile(r"^!{3,} (?P<message>.+?) !{3,}$")
TIMEOUT = re.compile(r"^\+{5,} Timeout \+{5,}$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    yield from coverage(log, [n for n in hits if THRESHOLD.match(log.text(n))])
    for number in hits:
        text = log.text(number)
        if THRESHOLD.match(text):
            continue
        if wrong := USAGE.match(text):
            yield run_failure(
                number,
                wrong["message"],
                "Correct the options of the command, or install the plugin that knows them: python -m pytest --help",
            )
        elif wrong := NOT_FOUND.match(text):
            yield run_failure(
                number, wrong["message"], "Correct the path, the test's name or the option that pytest was given"
            )
        elif conftest := CONFTEST.match(text):
            yield broken_conftest(log, number, conftest["file"])
        elif wrong := INTERNAL.match(text):
            yield run_failure(
                number,
                wrong["message"],
                (
                    "A plugin or conftest.py raised this inside pytest itself; leave plugins out one by one: "
                    "python -m pytest -p no:<name>"
                ),
            )
        elif wrong := NO_TESTS.match(text):
            yield run_failure(
                number,
                f"pytest selected no tests: {wrong['message']}",
                "Correct the paths or the -k or -m expression; pytest exits with 5 when nothing ran",
                LIKELY,
            )
        elif TIMEOUT.match(text):
            yield Diagnostic(
                "A test ran into its time limit",
                "test",
                ((number, number),),
                "Timeout",
                suggestion="The stacks below show where each thread waited; pytest-timeout ended the whole run",
                confidence=CERTAIN,
            )
        elif stopped := STOPPED.match(text):
            yield Diagnostic(
                "pytest stopped early", "test", ((number, number),), stopped["message"], confidence=SYMPTOM
            )


def run_failure(number: int, message: str, suggestion: str, confidence: float = CERTAIN) -> Diagnostic:
    return Diagnostic(
        "pytest could not run the tests",
        "configuration",
        ((number, number),),
        message,
        suggestion=suggestion,
        confidence=confidence,
    )


def coverage(log: Log, numbers: Sequence[int]) -> Iterator[Diagnostic]:
    """coverage.py and pytest-cov may both say that the limit is missed; the last word is the fuller one."""
    for number in numbers[-1:]:
        text = log.text(number)
        found = THRESHOLD.match(text)
        got, limit = (found["total"] or found["got"], found["limit"] or found["need"]) if found else ("", "")
        yield Diagnostic(
            title=f"Test coverage is below the limit of {limit} %",
            category="test",
            lines=tuple((n, n) for n in numbers),
            message=text,
            suggestion=f"Coverage is {got} %; see which lines no test reaches: "
            "coverage report --show-missing (with pytest: --cov-report=term-missing)",
            confidence=CERTAIN,
        )


def broken_conftest(log: Log, number: int, conftest: str) -> Diagnostic:
    failure = Failure(test=in_repository(conftest), heading=number, end=number + 60)
    said, place = message_lines(log, failure), place_of(log, failure)
    message = said_message(log, said) if said else "ImportError"
    return Diagnostic(
        title=f"{in_repository(conftest)} could not be imported",
        category=category(False, message),
        lines=((number, number), *((said,) if said else ())),
        message=message,
        file=place[0] if place else in_repository(conftest),
        line=place[1] if place else None,
        suggestion=suggestion(in_repository(conftest), message),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "pytest",
    (
        r"Coverage failure: total of ",
        r"Required test coverage of ",
        r": error: (?:unrecognized arguments|argument |ambiguous option|the following arguments)",
        r"ERROR: .{0,300}(?:not found|no collectors|expression passed|\.ini|\.toml|\.cfg)",
        r"ImportError while loading conftest",
        r"INTERNALERROR> .{0,80}(?:Error|Exception|Exit)",
        r"(?:no tests ran|deselected).{0,30} in ",
        r"!!! .{3,200} !!!",
        r"\+{5,} Timeout \+{5,}",
    ),
    find,
)
