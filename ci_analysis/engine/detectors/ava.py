"""AVA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

FAILED = re.compile(
    r"^\s+[✘✖] \[fail\]: (?P<test>.+?)"
    r"(?: (?:Rejected promise returned by test|Error thrown in test"
    r"|Test finished without running any assertions|Test was expected to fail.*"
    r"|Promise returned by test never resolved|Assertion .*))?$"
)
PLACE = re.compile(r"^\s+(?:file://)?(?P<file>[^\s:]+\.[cm]?[jt]sx?):(?P<line>\d{1,7})$")
LINK = re.compile(
    r"^\s+› (?:.*\()?(?:file://)?(?P<file>[^\s:()]+\.[cm]?[jt]sx?):(?P<line>\d{1,7}):(?P<column>\d{1,7})\)?$"
)
BROKEN = re.compile(r"^\s+[✘✖] (?P<message>(?:No tests found|\S+ exited).*|.* exited with a non-zero exit code: \d+)$")
UNCAUGHT = re.compile(r"^\s+Uncaught exception in (?P<file>\S+)$")
EXPLAINS = re.compile(r"^\s+(?:Difference|Value|Rejected promise|Error thrown|TypeError|[A-Z]\w*Error)\b.*")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for number in hits:
        text = log.text(number)
        failed = FAILED.match(text)
        if failed and failed["test"] not in seen:
            seen.add(failed["test"])
            yield failed_test(log, number, failed["test"])
        elif broken := BROKEN.match(text) or UNCAUGHT.match(text):
            yield Diagnostic(
                "AVA could not run a test file", "test", ((number, number),), broken[0].strip(), confidence=CERTAIN
            )


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    """The details follow below all results, under the test's name."""
    heading = log.find(re.compile(rf"^\s+{re.escape(test)}$"), number + 1, number + 2000)
    place = said = None
    if heading:
        for line in range(heading + 1, heading + 12):
            place = place or PLACE.match(log.text(line)) or LINK.match(log.text(line))
            said = said or (line if EXPLAINS.match(log.text(line)) else None)
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=((number, number), *(((heading, said or heading),) if heading else ())),
        message=log.text(said).strip() if said else test,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: npx ava --match {quote(test)}",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "ava", (r"\[fail\]: ", r"Uncaught exception in ", r"\xe2\x9c[\x98\x96] .{0,30}(?:No tests found| exited)"), find
)
