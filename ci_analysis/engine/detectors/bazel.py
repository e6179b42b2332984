"""Bazel, and Buck's like lines.

There are no samples of it: it can't be had where the others were made. The forms are those of Bazel's manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, Detector, Diagnostic
from ci_analysis.engine.lines import Log

TEST = re.compile(
    r"^(?P<test>(?:@\S*)?//\S+)\s+(?:\(cached\) )?(?:FAILED|TIMEOUT|NO STATUS|FAILED TO BUILD)(?: in .+)?$"
)
FAIL = re.compile(r"^FAIL: (?P<test>(?:@\S*)?//\S+) (?:\(shard .+?\) )?\(see \S+\)")
ERROR = re.compile(
    r"^ERROR: (?:(?P<file>\S+?(?:BUILD(?:\.bazel)?|WORKSPACE|MODULE\.bazel|\.bzl)):"
    r"(?P<line>\d{1,7}):(?P<column>\d{1,7}): )?(?P<message>.+)$"
)
ACTION = re.compile(r"failed: \((?:Exit \d+|Segmentation fault|Aborted|Killed)\)|failed: error executing")
FETCH = re.compile(
    r"Error downloading|An error occurred during the fetch|GET returned (?:4|5)\d\d|connect timed out|Unknown host"
)
DEFINITION = re.compile(
    r"no such (?:target|package)|not declared in package|name '\S+' is not defined|syntax error"
    r"|is not visible from|Analysis of target|not a valid label|in the module file|Skipping '"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for number in hits:
        text = log.text(number)
        test = TEST.match(text) or FAIL.match(text)
        if test and test["test"] not in told:
            told.add(test["test"])
            yield failed_test(number, test["test"], text)
        elif error := ERROR.match(text):
            yield from build_error(number, error)


def failed_test(number: int, test: str, text: str) -> Diagnostic:
    built = "FAILED TO BUILD" in text
    return Diagnostic(
        title=f"{test} {'could not be built' if built else 'timed out' if 'TIMEOUT' in text else 'failed'}",
        category="compile" if built else "test",
        lines=((number, number),),
        message=text.strip(),
        failed_tests=() if built else (test,),
        suggestion=f"Run it here: bazel test {test} --test_output=errors",
        confidence=CERTAIN,
    )


def build_error(number: int, error: re.Match[str]) -> Iterator[Diagnostic]:
    message = error["message"]
    kind: Category
    if FETCH.search(message):
        kind, confidence = "network", CERTAIN
    elif ACTION.search(message):
        kind, confidence = "compile", GENERIC  # what the action itself printed tells more
    elif DEFINITION.search(message):
        kind, confidence = "configuration", CERTAIN
    else:
        return
    yield Diagnostic(
        title=f"Bazel: {message}"[:120],
        category=kind,
        lines=((number, number),),
        message=message,
        file=error["file"],
        line=int(error["line"]) if error["line"] else None,
        column=int(error["column"]) if error["column"] else None,
        suggestion="Build it here: bazel build --verbose_failures <target>",
        confidence=confidence,
    )


DETECTOR = Detector(
    "bazel",
    (
        r"//\S{1,300} +(?:\(cached\) )?(?:FAILED|TIMEOUT|NO STATUS)",
        r"FAIL: (?:@\S{0,100})?//",
        r"ERROR: \S{1,300}(?:BUILD|WORKSPACE|\.bazel|\.bzl)",
        r"ERROR: (?:no such|Analysis of target|An error occurred during the fetch|Skipping|Error downloading)",
    ),
    find,
)
