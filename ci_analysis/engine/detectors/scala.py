"""sbt, Scala's build tool: resolution and its summary of failed suites; specs2.

There are no samples of these: sbt can't be had where the others were made. The forms are those of their manuals;
what scalac, ScalaTest, MUnit and JUnit say below sbt is read by jvm_compilers.py and junit.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, GENERIC, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

HEADING = re.compile(r"^\[error\] (?:Failed tests|Error during tests):$")
SUITE = re.compile(r"^\[error\]\s+(?P<suite>[\w.$]+)$")
RESOLVE = re.compile(
    r"^\[error\] (?:\S*(?:ResolveException|ResolutionException): )?(?P<message>(?:Error downloading"
    r"|unresolved dependency:|not found: https?:|download error:"
    r"|sbt\.librarymanagement\.ResolveException).+)$"
)
SPECS2 = re.compile(r"^\[error\]\s+[x!] (?P<test>\S.*)$")
TASK = re.compile(r"^\[error\] \((?P<task>[^)]+)\) (?P<message>.+)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if HEADING.match(text):
            yield from suites(log, number)
        elif resolve := RESOLVE.match(text):
            message = resolve["message"]
            lost = re.search(r"download error|Connection|timed out|UnknownHost", message)
            yield Diagnostic(
                f"sbt: {message}"[:120],
                "network" if lost else "dependency",
                ((number, number),),
                message,
                suggestion="Check the coordinates and the resolvers: sbt 'show libraryDependencies' evicted",
                confidence=CERTAIN,
            )
        elif specs2 := SPECS2.match(text):
            yield Diagnostic(
                f"{specs2['test']} failed"[:120],
                "test",
                ((number, number),),
                log.text(number + 1).removeprefix("[error]").strip(),
                failed_tests=(specs2["test"],),
                suggestion="Run its suite alone: sbt 'testOnly <suite>'",
                confidence=CERTAIN,
            )
        elif task := TASK.match(text):
            yield Diagnostic(
                f"sbt {task['task']}: {task['message']}"[:120],
                "unknown",
                ((number, number),),
                task["message"],
                confidence=SYMPTOM,
            )


def suites(log: Log, number: int) -> Iterator[Diagnostic]:
    """Only the names of the suites; a test framework's own lines above tell the tests."""
    end = log.run(number, SUITE, 200)
    for at in range(number + 1, end + 1):
        suite = SUITE.match(log.text(at))
        if suite:
            yield Diagnostic(
                f"{suite['suite']} failed",
                "test",
                ((number, at),),
                log.text(number).removeprefix("[error] "),
                suggestion=f"Run it alone: sbt 'testOnly {suite['suite']}'",
                confidence=GENERIC,
            )


DETECTOR = Detector(
    "sbt",
    (
        r"Failed tests:",
        r"Error during tests:",
        r"(?:unresolved dependency|download error|Error downloading|not found): ",
        r"ResolveException",
        r"error\S{0,12}\] {1,8}\S{0,12}[x!] ",
        r"error\S{0,12}\] \S{0,12}\([\w /.-]{1,120}\) ",
    ),
    find,
)
