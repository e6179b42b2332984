"""behave, Robot Framework and the doctest module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

BEHAVE = re.compile(r"^(?:Failing|Errored) scenarios:\s*$")
BEHAVE_ENTRY = re.compile(r"^\s+(?P<test>(?P<file>\S+\.feature):(?P<line>\d{1,7})\s+\S.*)$")
BEHAVE_SAID = re.compile(
    r"^\s*(?:ASSERT FAILED: .*|Assertion Failed: .*|\w*(?:Error|Exception): .*|.*# None(?: [\d.]+s)?)$"
)
ROBOT = re.compile(r"^(?P<test>\S.*?)\s+\| FAIL \|$")
ROBOT_RULE = re.compile(r"^[=-]{70,}$")
ROBOT_TOTAL = re.compile(r"^\d+ tests?, \d+ passed, \d+ failed")
DOCTEST = re.compile(r'^File "(?P<file>[^"]+)", line (?P<line>\d{1,7}), in (?P<test>\S.*)$')
STARS = re.compile(r"^\*{60,}$")
GOT = re.compile(r"^(?:Got(?: nothing)?:?|Exception raised:)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if BEHAVE.match(text):
            yield from scenarios(log, number)
        elif (robot := ROBOT.match(text)) and not ROBOT_TOTAL.match(log.text(number + 1)):
            yield robot_test(log, number, robot["test"])
        elif (doctest := DOCTEST.match(text)) and STARS.match(log.text(number - 1)):
            yield doctest_failure(log, number, doctest)


def scenarios(log: Log, number: int) -> Iterator[Diagnostic]:
    for line in range(number + 1, log.run(number, BEHAVE_ENTRY, 500) + 1):
        entry = BEHAVE_ENTRY.match(log.text(line))
        if not entry:
            return
        place = f"# {entry['file']}:{entry['line']}"
        heading = log.find(re.compile(re.escape(place) + r"\b"), number - 1, max(1, number - 3000))
        said = log.find(BEHAVE_SAID, heading + 1, min(heading + 60, number)) if heading else None
        test = " ".join(entry["test"].split())
        yield Diagnostic(
            title=f"{test.split(' ', 1)[1]} failed",
            category="test",
            lines=((said, said), (line, line)) if said else ((line, line),),
            message=log.text(said).strip() if said else test,
            file=in_repository(entry["file"]),
            line=int(entry["line"]),
            failed_tests=(test,),
            suggestion=f"Run it alone: behave {entry['file']}:{entry['line']}",
            confidence=CERTAIN,
        )


def robot_test(log: Log, number: int, test: str) -> Diagnostic:
    end = log.find(ROBOT_RULE, number + 1, number + 40)
    last = end - 1 if end and end > number + 1 else number
    rule = log.find(re.compile(r"^={70,}$"), number - 1, max(1, number - 2000))
    suite = log.text(rule - 1).split(" :: ")[0].strip() if rule else ""
    name = f"{suite}.{test}" if suite else test
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=((number, last),),
        message=log.text(number + 1).strip() if last > number else test,
        failed_tests=(name,),
        suggestion=f"Run it alone: robot --test {quote(name)} <folder of the suites>",
        confidence=CERTAIN,
    )


def doctest_failure(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    got = log.find(GOT, number + 1, number + 40)
    last = min(got + 1, log.last) if got else number + 1
    said = log.text(last).strip() if got else ""
    return Diagnostic(
        title=f"The example in {found['test']} failed",
        category="test",
        lines=((number, last),),
        message=f"Failed example: {log.text(number + 2).strip()}; got: {said}",
        file=in_repository(found["file"]),
        line=int(found["line"]),
        failed_tests=(found["test"],),
        suggestion=f"Run it here: python -m doctest {in_repository(found['file'])}",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "behave/robot/doctest",
    (r"(?:Failing|Errored) scenarios:", r"\| FAIL \|", r'File ".{1,300}", line [0-9]{1,6}, in '),
    find,
)
