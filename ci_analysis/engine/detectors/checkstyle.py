"""Linters of the JVM's languages: Checkstyle, PMD, SpotBugs, ktlint, detekt, Spotless, google-java-format, scalafmt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CHECKSTYLE = re.compile(
    r"^\[(?P<level>ERROR|WARN|ant:checkstyle)\](?: \[(?:ERROR|WARN)\])? (?P<file>\S+?\.\w+):(?:\[)?"
    r"(?P<line>\d{1,7})(?:[:,](?P<column>\d{1,7}))?\]?:? (?:\(\w+\) )?(?P<message>.+?)(?: \["
    r"(?P<rule>[A-Z]\w+)\]|(?<=[.\w)'])\. ?\[(?P<rule2>[A-Z]\w+)\])$"
)
MAVEN_CHECKSTYLE = re.compile(
    r"^\[(?:ERROR|WARN(?:ING)?)\] (?P<file>\S+\.\w+):\[(?P<line>\d{1,7})(?:,(?P<column>\d{1,7}))?\] \("
    r"\w+\) (?P<rule>\w+): (?P<message>.+)$"
)
PMD = re.compile(
    r"^(?:\[\w+\] )?PMD (?:Failure|violation): (?P<file>\S+?):(?P<line>\d{1,7}) Rule:"
    r"(?P<rule>\w+) Priority:\d (?P<message>.+)$"
)
SPOTBUGS = re.compile(
    r"^\[ERROR\] (?:High|Medium|Low): (?P<message>.+) \[(?:[\w.$]+)\] (?:At "
    r"(?P<file>\w+\.\w+):\[lines? (?P<line>\d{1,7}))?.*?(?P<rule>[A-Z]{2,}_[A-Z_]+)"
)
KTLINT = re.compile(
    r"^(?P<file>\S+\.kts?):(?P<line>\d{1,7}):(?P<column>\d{1,7}):? (?P<message>.+?) \((?P<rule>[a-z][\w:-]+)\)$"
)
DETEKT = re.compile(
    r"^\s*(?P<file>\S+\.kts?):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?P<message>.+) \["
    r"(?P<rule>[A-Z]\w+)\]$|^\s+(?P<rule2>[A-Z]\w+) - .*at (?P<file2>\S+\.kts?):(?P<line2>\d{1,7}):"
    r"(?P<column2>\d{1,7})$"
)
UNFORMATTED = re.compile(r"The following files had format violations:")
FORMATTED_FILE = re.compile(r"^(?:\[ERROR\])?\s{2,}(?P<file>[\w./-]+\.\w+)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if UNFORMATTED.search(text):
            yield from spotless(log, number)
        for pattern in (MAVEN_CHECKSTYLE, CHECKSTYLE, PMD, SPOTBUGS, KTLINT, DETEKT):
            issue = pattern.match(text)
            if issue and issue.groupdict().get("level") != "WARN":
                yield violation(number, issue)
                break


def violation(number: int, issue: re.Match[str]) -> Diagnostic:
    fields = {name.rstrip("2"): value for name, value in issue.groupdict().items() if value}
    message = fields.get("message", fields["rule"])
    return Diagnostic(
        title=f"{fields['rule']}: {message}"[:120],
        category="lint",
        lines=((number, number),),
        message=message,
        file=fields.get("file"),
        line=int(fields["line"]) if "line" in fields else None,
        column=int(fields["column"]) if "column" in fields else None,
        suggestion=f"Correct it, or configure the rule {fields['rule']} if the project does not want it.",
        confidence=CERTAIN,
    )


def spotless(log: Log, number: int) -> Iterator[Diagnostic]:
    end = log.run(number, FORMATTED_FILE, 50)
    for at in range(number + 1, end + 1):
        name = FORMATTED_FILE.match(log.text(at))
        if name:
            yield Diagnostic(
                f"{name['file']} is not formatted",
                "lint",
                ((number, at),),
                log.text(number).strip(),
                name["file"],
                suggestion="Format and commit: ./gradlew spotlessApply, or mvn spotless:apply",
                confidence=CERTAIN,
            )


DETECTOR = Detector(
    "jvm linter",
    (
        r"\[(?:ERROR|ant:checkstyle)\] .{1,300}\.\w+:\[?[0-9]+.{1,500}\[[A-Z]\w+\]",
        r"\.\w+:\[[0-9]+(?:,[0-9]+)?\] \(\w+\) \w+: ",
        r"PMD (?:Failure|violation): ",
        r"(?:High|Medium|Low): .{1,300} \[[\w.$]+\] ",
        r"\.kts?:[0-9]+:[0-9]+:? .{1,300}[)\]]\s*$",
        r" at \S{1,300}\.kts?:[0-9]+:[0-9]+",
        r"files had format violations",
    ),
    find,
)
