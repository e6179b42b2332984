"""Failed tests of pytest in all its report styles, under xdist, with doctests and subtests.

A failed test stands in up to three places: a progress line (`tests/a.py::test_x FAILED`), a section under a heading
(`____ test_x ____`) and the short summary (`FAILED tests/a.py::test_x - message`). Old versions and some options leave
out the summary, so the three are joined by the test's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

PART = r"\S+?\.(?:pyx?|rst|txt|md)"
SUMMARY = re.compile(
    rf"^(?:FAILED|ERROR|FAIL|SUBFAIL(?:ED)?(?:\[[^\]]{{0,200}}\])?(?: ?\([^)]{{0,200}}\))?) (?P<test>{PART}(?:::.+?)?)"
    r"(?: - (?P<message>.*))?$"
)
PROGRESS = re.compile(rf"^(?P<test>{PART}::.+?) (?:FAILED|ERROR)(?:\s+(?:\(.*\)|\[.{{1,5}}%?.{{0,20}}\]))?$")
XDIST = re.compile(rf"^\[gw\d+\]\s*(?:\[ *\d+%\]\s*)?(?:FAILED|ERROR) (?P<test>{PART}::.+)$")
SECTION = re.compile(r"^={3,} (?P<title>.+?) ={3,}$")
HEADING = re.compile(
    r"^_{3,} (?P<test>\S.*?) _{3,}$|^(?=.{76})_* (?P<long>(?!_)\S.*?) _+$"
)  # a long name leaves few underscores
PREFIX = re.compile(r"^(?:ERROR (?:at (?:setup|teardown) of|collecting) |\[doctest\] )")
SUBTESTS = re.compile(
    r"^contains \d+ failed subtests?"
)  # the test of the failed subtests, which have sections of their own
SUBTEST = re.compile(r" (?:\[.{0,200}\])?(?: ?\(\w+=.{0,200}\))?$")
SAID = re.compile(r"^E  +\S")
PLACE = re.compile(r"^(?P<file>(?:/|[A-Za-z]:\\)?[^\s:]+\.py):(?P<line>\d{1,7}): ?(?P<what>\S.*)?$")
FIXTURE_PLACE = re.compile(r"^file (?P<file>\S+), line (?P<line>\d{1,7})$")
NATIVE_PLACE = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d{1,7}), in ')
NATIVE_END = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Exit|Warning)\b(?::.*)?$"
    r"|^worker '\w+' crashed while running|^'\S+' not found in `markers`"
)
DOCTEST = re.compile(r"^(?:Expected(?: nothing)?:?|UNEXPECTED EXCEPTION: .*|Differences \(.*)$")
DOCTEST_PLACE = re.compile(r"^(?P<file>[^\s:]+\.\w+):(?P<line>\d{1,7}): (?:DocTestFailure|UnexpectedException)")
LINE_STYLE = re.compile(
    r"^(?P<file>(?:/|[A-Za-z]:\\)?[^\s:]+\.py):(?P<line>\d{1,7}): (?P<message>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error"
    r"|Exception|Failure)\b.*|assert .*)$"
)
TEST_FILE = re.compile(r"(?:^|[/\\])(?:test_[^/\\]*|[^/\\]*_tests?|tests|conftest)\.py$")
REACH = 3000  # lines of one failure's section


@dataclass
class Failure:
    """One failed test: its name where pytest told it, and the lines where it stands."""

    test: str
    heading: int = 0
    end: int = 0
    summary: int = 0
    message: str = ""


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    failures = [Failure(test="", heading=number, end=end) for number, end in sections(log, hits)]
    named: dict[str, Failure] = {}
    for number in hits:
        text = log.text(number)
        told = SUMMARY.match(text)
        progress = told or PROGRESS.match(text) or XDIST.match(text)
        if progress:
            failure = named.setdefault(progress["test"].strip(), Failure(progress["test"].strip()))
            if told or not failure.summary:
                failure.summary = number
            failure.message = failure.message or (told["message"] or "" if told else "")
    for failure in named.values():
        take_section(log, failure, failures)
    unnamed = [f for f in failures if not f.test]
    for failure in sorted([*named.values(), *unnamed], key=lambda f: f.heading or f.summary):
        yield diagnostic(log, failure)
    if not named and not failures:
        yield from line_style(log, hits)


def sections(log: Log, hits: Sequence[int]) -> list[tuple[int, int]]:
    """(heading, last line) of each failure below `=== FAILURES ===` and `=== ERRORS ===`."""
    headings: list[int] = []
    ends: list[int] = []
    inside = False
    for number in hits:
        text = log.text(number)
        title = SECTION.match(text)
        if title:
            inside = title["title"] in ("FAILURES", "ERRORS")
            ends.append(number)
        elif inside and HEADING.match(text) and not SUBTESTS.match(log.text(number + 1)):
            headings.append(number)
            ends.append(number)
    ends.append(log.last + 1)
    return [(h, min(next(e for e in ends if e > h) - 1, h + REACH)) for h in headings]


def heading_name(log: Log, number: int) -> str:
    heading = HEADING.match(log.text(number))
    name = PREFIX.sub("", (heading["test"] or heading["long"]) if heading else "").strip()
    return SUBTEST.sub("", name)


def take_section(log: Log, failure: Failure, sections: Sequence[Failure]) -> None:
    """Give the named failure the first section under its name that no other has."""
    path, _, inner = failure.test.partition("::")
    wanted = {failure.test, path if not inner else "", inner.replace("::", "."), inner}
    for section in sections:
        if not section.test and section.heading:
            name = heading_name(log, section.heading)
            if name in wanted or (
                name == path
                and failure.test in log.text(section.end if section.end < section.heading + 6 else section.heading + 2)
            ):
                section.test = failure.test
                failure.heading, failure.end = section.heading, section.end
                return


def diagnostic(log: Log, failure: Failure) -> Diagnostic:
    said = message_lines(log, failure)
    place = place_of(log, failure)
    message = said_message(log, said) if said else failure.message
    test = failure.test or name_by_place(log, failure)
    collected = "::" in test or not log.text(failure.heading).strip("_ ").startswith("ERROR collecting")
    lines = [(said[0], said[1])] if said else []
    if place and said and said[1] < place[2] <= said[1] + 15:
        lines.append((place[2], place[2]))
    if failure.summary:
        lines.append((failure.summary, failure.summary))
    shown = test.split("::")[-1]
    return Diagnostic(
        title=f"{shown} failed"
        if "::" in test
        else f"{test} could not be collected"
        if not collected
        else f"{shown} failed",
        category=category("::" in test or collected, message),
        lines=tuple(lines) or ((failure.heading, failure.heading),),
        message=message or log.text(failure.summary or failure.heading),
        file=place[0] if place else (test.split("::")[0] if "::" in test or test.endswith(".py") else None),
        line=place[1] if place else None,
        failed_tests=(test,),
        suggestion=suggestion(test, message),
        confidence=CERTAIN,
    )


def message_lines(log: Log, failure: Failure) -> tuple[int, int] | None:
    """The lines of the message: all of the last exception's `E` lines, or what stands in their place."""
    if not failure.heading:
        return None
    first = log.find(SAID, failure.heading + 1, failure.end)
    if first:
        return first, log.run(first, re.compile(r"^E\b"), 30)
    end = log.find(NATIVE_END, failure.heading + 1, failure.end) or log.find(DOCTEST, failure.heading + 1, failure.end)
    return (end, min(end + 4, failure.end) if DOCTEST.match(log.text(end)) else end) if end else None


def said_message(log: Log, said: tuple[int, int]) -> str:
    """The first `E` line; a syntax error begins with its place and names itself last."""
    texts = [log.text(n).removeprefix("E").strip() for n in range(said[0], said[1] + 1)]
    return texts[-1] if texts[0].startswith('File "') and SYNTAX.match(texts[-1]) else texts[0]


def place_of(log: Log, failure: Failure) -> tuple[str, int, int] | None:
    """(file, line, line of the log) of the deepest place of the section that is no library's."""
    found = None
    for number in range(failure.heading + 1, failure.end + 1) if failure.heading else ():
        text = log.text(number)
        place = PLACE.match(text) or NATIVE_PLACE.match(text) or FIXTURE_PLACE.match(text) or DOCTEST_PLACE.match(text)
        if place and not is_library(place["file"]):
            found = (in_repository(place["file"]), int(place["line"]), number)
    return found


def name_by_place(log: Log, failure: Failure) -> str:
    """Without a summary: the heading's name in the file that the section names first."""
    name = heading_name(log, failure.heading)
    if name.endswith(".py") or "/" in name:
        return name
    numbers = range(failure.heading + 1, failure.end + 1)
    places = [p["file"] for p in (PLACE.match(log.text(n)) for n in numbers) if p and not is_library(p["file"])]
    file = next((f for f in places if TEST_FILE.search(f)), places[0] if places else None)
    parts = name.split("[", 1)
    inner = parts[0].replace(".", "::") + ("[" + parts[1] if len(parts) > 1 else "")
    return f"{in_repository(file)}::{inner}" if file and " " not in parts[0] else name


SYNTAX = re.compile(r"^(?:SyntaxError|IndentationError|TabError): ")


def category(is_test: bool, message: str) -> Category:
    if not is_test and "ModuleNotFoundError" in message:
        return "dependency"
    if not is_test and SYNTAX.search(message):
        return "compile"
    return "configuration" if "in `markers` configuration option" in message else "test"


MISSING_MODULE = re.compile(r"No module named '(?P<module>[\w.]+)'")
MISSING_FIXTURE = re.compile(r"fixture '(?P<fixture>\w+)' not found")


def suggestion(test: str, message: str) -> str:
    if module := MISSING_MODULE.search(message):
        return (
            f"Add the package that has the module {module['module']} to the requirements that this job installs, "
            f"or fix the import; check with: python -c 'import {module['module']}'"
        )
    if fixture := MISSING_FIXTURE.search(message):
        return (
            f"Define the fixture {fixture['fixture']} in a conftest.py that this test sees, or install the plugin "
            f"that has it: pytest --fixtures {test.split('::')[0]}"
        )
    if "in `markers` configuration option" in message:
        return "Register the marker under `markers` in the pytest configuration, or correct its name"
    if "crashed while running" in message:
        return (
            "The worker process died; run the test alone without xdist to see where: python -X faulthandler -m "
            f"pytest -p no:xdist {quote(test)}"
        )
    return f"Run it alone: python -m pytest {quote(test)}"


def line_style(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """--tb=line: no headings, `path:line: Error: message` for each failure."""
    for number in hits:
        title = SECTION.match(log.text(number))
        if title and title["title"] == "FAILURES":
            end = log.find(SECTION, number + 1, number + REACH) or number
            for line in range(number + 1, end):
                if place := LINE_STYLE.match(log.text(line)):
                    yield Diagnostic(
                        title=f"A test failed in {in_repository(place['file'])}",
                        category="test",
                        lines=((line, line),),
                        message=place["message"],
                        file=in_repository(place["file"]),
                        line=int(place["line"]),
                        suggestion=f"See the whole report: python -m pytest --tb=short {in_repository(place['file'])}",
                        confidence=CERTAIN,
                    )


DETECTOR = Detector(
    "pytest",
    (
        r"FAILED .{0,500}\.(?:py|rst|txt|md)",
        r"ERROR .{0,500}\.(?:py|rst|txt|md)",
        r"\.(?:pyx?|rst|txt|md)::.{1,500} (?:\x1b.{1,8})?(?:FAILED|ERROR)",
        r"_ [A-Za-z\[].{0,400} _",
        r" [A-Za-z\[].{50,400}[a-z0-9\])] _(?:\x1b|\r|\n)",
        r"={3,} .{1,200} ={3,}",
    ),
    find,
)
