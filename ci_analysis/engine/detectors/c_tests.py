"""Test libraries of C and C++ that have reports of their own: Check, cmocka, CppUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CHECK = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}):[FE]:(?P<case>[^:]+):(?P<name>[^:]+):-?\d+: (?P<message>.+)$")
CMOCKA = re.compile(r"^\[  FAILED  \] (?P<test>\w+)$")
CMOCKA_SAID = re.compile(r"^\[  ERROR   \] --- (?P<message>.+)$")
CMOCKA_PLACE = re.compile(r"^\[   LINE   \] --- (?P<file>[^\s:]+):(?P<line>\d{1,7}): error: Failure!$")
CPPUNIT = re.compile(r"^\d+\) test: (?P<test>\S.*?) \([FE]\)(?: line: (?P<line>\d{1,7}) (?P<file>\S+))?$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for number in hits:
        text = log.text(number)
        if check := CHECK.match(text):
            yield failed(f"{check['case']}:{check['name']}", number, number, check["message"], check)
        elif unit := CPPUNIT.match(text):
            end = log.run(number, re.compile(r"^\S"), 5)
            message = " ".join(log.text(n).strip() for n in range(number + 1, end + 1))
            yield failed(unit["test"], number, end, message, unit)
        elif (cmocka := CMOCKA.match(text)) and cmocka["test"] not in told:
            told.add(cmocka["test"])
            yield from cmocka_failure(log, number, cmocka["test"])


def cmocka_failure(log: Log, number: int, test: str) -> Iterator[Diagnostic]:
    """Without cmocka's own lines above it, the test is googletest's."""
    said_at = log.find(CMOCKA_SAID, number, number - 20)
    said = CMOCKA_SAID.match(log.text(said_at)) if said_at else None
    if said_at and said:
        place_at = log.find(CMOCKA_PLACE, said_at, number)
        place = CMOCKA_PLACE.match(log.text(place_at)) if place_at else None
        yield failed(test, said_at, number, said["message"], place)


def failed(test: str, first: int, last: int, message: str, place: re.Match[str] | None) -> Diagnostic:
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((first, last),),
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place and place["line"] else None,
        failed_tests=(test,),
        suggestion=f"Run the test program alone, under gdb or with CK_FORK=no, and stop in {test.split(':')[-1]}.",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "C tests", (r":[0-9]+:[FE]:\w", r"\[  FAILED  \] \w+\s*$", r"[0-9]\) test: .{1,300} \([FE]\)"), find
)
