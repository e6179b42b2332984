"""Dart and Flutter: the test runner and the analyzer.

There are no samples of these: the SDK can't be had where the others were made. The forms are those of its manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

TEST = re.compile(r"^\d\d:\d\d \+\d+(?: ~\d+)? -\d+: (?P<test>.+) \[E\]$")
PLACE = re.compile(r"^\s+(?P<file>\S+\.dart) (?P<line>\d{1,7}):(?P<column>\d{1,7})\s")
ANALYZER = re.compile(
    r"^\s*error (?:•|-) (?:(?P<message>.+?) (?:•|-) (?P<file>\S+\.dart):(?P<line>\d{1,7}):(?P<column>\d{1,7})"
    r"|(?P<file2>\S+\.dart):(?P<line2>\d{1,7}):(?P<column2>\d{1,7}) (?:•|-) (?P<message2>.+?)) (?:•|-) \w+$"
)
COMPILER = re.compile(r"^(?P<file>\S+\.dart):(?P<line>\d{1,7}):(?P<column>\d{1,7}): Error: (?P<message>.+)$")
# Poetry solves with the same algorithm and ends with the same words.
PUB_NEAR = re.compile(r"pubspec\.yaml|\bpub (?:get|upgrade)\b|[Ff]lutter|Dart SDK")
PUB = re.compile(r"^(?P<message>(?:Because .+, )?version solving failed\.)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if test := TEST.match(text):
            yield failed_test(log, number, test["test"])
        elif issue := ANALYZER.match(text):
            fields = {name.rstrip("2"): value for name, value in issue.groupdict().items() if value}
            yield placed(number, fields["message"], fields, f"Check it here: dart analyze {fields['file']}")
        elif error := COMPILER.match(text):
            yield placed(number, error["message"], error.groupdict(), "Check it here: dart analyze")
        elif (pub := PUB.match(text)) and log.find(PUB_NEAR, number, number - 20):
            yield Diagnostic(
                title="Dart packages do not fit together",
                category="dependency",
                lines=((number, number),),
                message=pub["message"],
                suggestion="See which versions there are: dart pub outdated",
                confidence=CERTAIN,
            )


def placed(number: int, message: str, place: dict[str, str], advice: str) -> Diagnostic:
    return Diagnostic(
        title=message[:120],
        category="compile",
        lines=((number, number),),
        message=message,
        file=place["file"],
        line=int(place["line"]),
        column=int(place["column"]),
        suggestion=advice,
        confidence=CERTAIN,
    )


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    end = log.run(number, re.compile(r"^\s+\S"), 12)
    place = next(
        (p for p in map(PLACE.match, map(log.text, range(number + 1, end + 1))) if p and "package" not in p["file"]),
        None,
    )
    said = [log.text(n).strip() for n in range(number + 1, min(number + 4, end) + 1) if not PLACE.match(log.text(n))]
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((number, min(number + 4, end)),),
        message=" ".join(said),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: dart test --plain-name '{test.split(': ')[-1]}'",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "dart",
    (
        r" -[0-9]+: .{1,400} \[E\]",
        r"error (?:\xe2\x80\xa2|-) .{1,400}\.dart",
        r"\.dart:[0-9]+:[0-9]+: Error: ",
        r"version solving failed",
    ),
    find,
)
