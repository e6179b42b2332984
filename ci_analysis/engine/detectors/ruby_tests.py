"""RSpec, Minitest, Test::Unit, Rails' runner and Cucumber."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

RSPEC = re.compile(r"^rspec (?P<test>['\"]?\S+?\[[\d:,]+\]['\"]?|\S+?:\d+) # (?P<name>.+)")
RSPEC_HEAD = re.compile(r"^\s+\d+(?:\.\d+)?\) (?P<name>.+)")
RSPEC_PLACE = re.compile(r"^\s*# (?P<file>\./[^\s:]+|(?!/)[^\s:]+_spec\.rb):(?P<line>\d{1,7})")
RSPEC_LOAD = re.compile(
    r"^An error occurred (?:while loading|in an? `[^`]+` hook\b.*?)(?: (?P<file>\S+_spec\.rb|\S+\.rb))?\.?$"
)
RSPEC_ERROR = re.compile(r"^\s*(?P<error>(?:[A-Z]\w*::)*[A-Z]\w*(?:Error|Exception|NotFound|Invalid|Mismatch)?):$")
MINITEST = re.compile(
    r"^(?P<test>[A-Z][\w:]*#\S.*?) \[(?P<file>[^\]]+?):(?P<line>\d{1,7})\]:$|^(?P<error>[A-Z][\w:]*#\S.*?):$"
)
MINITEST_HEAD = re.compile(r"^\s+\d+\) (?:Failure|Error):")
RAILS = re.compile(r"^(?:Failure|Error):$")
FRAME = re.compile(r"^\s+(?P<file>(?!/)[^\s:]+\.rb):(?P<line>\d{1,7}):in [`']")
TEST_UNIT = re.compile(
    r"^(?:Failure|Error): (?P<test>test[^(]*\([A-Z][\w:]*\))(?:: ?(?P<message>.*)| ?\["
    r"(?P<file>[^\]:]+):(?P<line>\d{1,7})\]:?)?$"
)
UNIT_PLACE = re.compile(r"^(?P<file>[^\s:]+\.rb):(?P<line>\d{1,7}):in [`']")
UNIT_SOURCE = re.compile(r"^\s+(?:=> )?\d+: ")
CUCUMBER = re.compile(r"^cucumber (?:-p \S+ )?(?P<test>(?P<file>\S+\.feature):(?P<line>\d{1,7})) # (?P<name>.+)")
BODY = 60  # lines of one failure that are read


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    heads = {head["name"].strip(): n for n in hits if (head := RSPEC_HEAD.match(log.text(n)))}
    for number in hits:
        text = log.text(number)
        if rspec := RSPEC.match(text):
            yield rspec_failure(log, number, rspec, heads.get(rspec["name"].strip()))
        elif load := RSPEC_LOAD.match(text):
            yield rspec_outside(log, number, load)
        elif MINITEST_HEAD.match(text) or RAILS.match(text):
            yield from minitest(log, number)
        elif unit := TEST_UNIT.match(text):
            yield test_unit(log, number, unit)
        elif cucumber := CUCUMBER.match(text):
            yield failed(
                cucumber["test"],
                ((number, number),),
                cucumber["name"],
                cucumber["file"],
                cucumber["line"],
                f"Run it alone: bundle exec cucumber {cucumber['test']}",
            )


def failed(
    test: str, lines: tuple[tuple[int, int], ...], message: str, file: str | None, line: str | None, advice: str
) -> Diagnostic:
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=lines,
        message=message,
        file=file,
        line=int(line) if line else None,
        failed_tests=(test,),
        suggestion=advice,
        confidence=CERTAIN,
    )


def test_unit(log: Log, number: int, unit: re.Match[str]) -> Diagnostic:
    """The place and a piece of the source stand between the name and the message."""
    place = UNIT_PLACE.match(log.text(number + 1))
    said = number + 1
    if place:
        said = next((n for n in range(number + 2, number + 14) if not UNIT_SOURCE.match(log.text(n))), number + 2)
    message = unit["message"] or f"{log.text(said).strip()} {log.text(said + 1).strip()}".strip()
    file, line = (place["file"], place["line"]) if place else (unit["file"], unit["line"])
    lines = ((number, number), (said, min(said + 1, log.last)))
    return failed(
        unit["test"],
        lines,
        message,
        file,
        line,
        f"Run it alone: ruby {file or '<file>'} -n {unit['test'].split('(')[0]}",
    )


def rspec_failure(log: Log, number: int, rspec: re.Match[str], head: int | None) -> Diagnostic:
    test = rspec["test"]
    lines, message, place = [(number, number)], rspec["name"], None
    if head:
        end = next(
            (
                n
                for n in range(head + 1, head + BODY)
                if RSPEC_PLACE.match(log.text(n)) or RSPEC_HEAD.match(log.text(n))
            ),
            head + 2,
        )
        place = RSPEC_PLACE.match(log.text(end))
        told = [
            log.text(n).strip()
            for n in range(head + 1, end)
            if log.text(n).strip() and not log.text(n).strip().startswith(("(compared", "Diff:"))
        ]
        message = " ".join(told[1:] or told)[:500] or message
        lines.insert(0, (head, min(end, head + 10)))
    diagnostic = failed(
        test,
        tuple(lines),
        message,
        place["file"] if place else test.split("[")[0].rsplit(":", 1)[0],
        place["line"] if place else None,
        f"Run it alone: bundle exec rspec {test}",
    )
    return Diagnostic(
        f"{rspec['name']} failed"[:120],
        "test",
        diagnostic.lines,
        message,
        diagnostic.file,
        diagnostic.line,
        failed_tests=(test,),
        suggestion=diagnostic.suggestion,
        confidence=CERTAIN,
    )


def rspec_outside(log: Log, number: int, load: re.Match[str]) -> Diagnostic:
    end = min(log.last, number + 30)
    error_at = log.find(RSPEC_ERROR, number + 1, end)
    place_at = log.find(RSPEC_PLACE, number + 1, end)
    place = RSPEC_PLACE.match(log.text(place_at)) if place_at else None
    name = log.text(error_at).strip() if error_at else ""
    message = f"{name} {log.text(error_at + 1).strip()}" if error_at else log.text(number + 1).strip()
    missing = "cannot load such file" in message
    return Diagnostic(
        title=f"RSpec could not load {load['file'] or 'a file'}: {message}"[:120],
        category="dependency" if missing else "test",
        lines=((number, number), (error_at, min(error_at + 1, log.last)))
        if error_at
        else ((number, min(number + 2, log.last)),),
        message=message,
        file=place["file"] if place else load["file"],
        line=int(place["line"]) if place else None,
        suggestion=f"Load it alone: bundle exec rspec {load['file'] or ''}".rstrip(),
        confidence=CERTAIN,
    )


def minitest(log: Log, number: int) -> Iterator[Diagnostic]:
    at = number + 1
    case = MINITEST.match(log.text(at))
    if not case:
        return
    test = case["test"] or case["error"]
    message = " ".join(log.text(n).strip() for n in (at + 1, at + 2) if log.text(n).strip())
    frame_at = None if case["file"] else log.find(FRAME, at + 1, at + 30)
    frame = FRAME.match(log.text(frame_at)) if frame_at else None
    file = case["file"] or (frame["file"] if frame else None)
    line = case["line"] or (frame["line"] if frame else None)
    yield failed(
        test,
        ((at, min(at + 2, log.last)),),
        message,
        file,
        line,
        f"Run it alone: ruby -Itest {file or '<file>'} -n {test.split('#')[-1]}",
    )


DETECTOR = Detector(
    "ruby tests",
    (
        r"rspec .{1,500} # ",
        r"  [0-9]+(?:\.[0-9]+)?\) ",
        r"An error occurred (?:while loading|in )",
        r"(?:^|Z )(?:\x1b\[[0-9;]{1,10}m)?(?:Failure|Error):",
        r"cucumber .{1,300}\.feature:",
    ),
    find,
)
