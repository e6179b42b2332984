"""Mocha: the list of failures under `N failing`, which most reporters print; and Jasmine's list under `Failures:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import FRAME, own_frame
from ci_analysis.engine.lines import Log

FAILING = re.compile(r"^(?P<prefix>.{0,80}?)\s*(?P<count>\d{1,7}) failing$")
ENTRY = re.compile(r"^(?P<indent>\s*)(?P<index>\d{1,7})\) (?P<title>.+)$")
NEXT_ENTRY = re.compile(r"^\s*\d+\) \S")
REACH = 120  # lines of one failure
JASMINE_STEPS = re.compile(r"^\s+(?:Message|Stack):$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if failing := FAILING.match(text):
            yield from entries(log, number, failing["prefix"], int(failing["count"]))
        elif text == "Failures:":
            yield from jasmine_entries(log, number)


def entries(log: Log, start: int, prefix: str, count: int) -> Iterator[Diagnostic]:
    """The numbered failures; `prefix` is what a monorepo's runner puts in front of each line."""
    number, index = start, 0
    while index < min(count, 500):
        number = next((n for n in range(number + 1, number + 2 * REACH) if is_entry(log, n, prefix, index + 1)), 0)
        if not number:
            return
        index += 1
        following = next(
            (n for n in range(number + 1, number + REACH) if is_entry(log, n, prefix, index + 1)), number + REACH
        )
        yield failure(log, number, min(following - 1, log.last), prefix)


def line(log: Log, number: int, prefix: str) -> str:
    return log.text(number).removeprefix(prefix)


def is_entry(log: Log, number: int, prefix: str, index: int) -> bool:
    entry = ENTRY.match(line(log, number, prefix))
    return bool(entry) and int(entry["index"]) == index and len(entry["indent"]) <= 4 if entry else False


def failure(log: Log, number: int, end: int, prefix: str) -> Diagnostic:
    first = title_end(log, number, prefix)
    titles = [line(log, n, prefix).strip() for n in range(number, first + 1)]
    titles[0] = titles[0].split(") ", 1)[1]
    name = " ".join(titles).strip().removesuffix(":").strip()
    said = next((n for n in range(first + 1, min(end, first + 6) + 1) if line(log, n, prefix).strip()), first)
    place = own_frame(log, said, end) if not prefix else None
    last = next((n for n in range(said, min(end, said + 15) + 1) if FRAME.match(log.text(n))), said + 1) - 1
    message = line(log, said, prefix).strip()
    return Diagnostic(
        title=f"{titles[-1].removesuffix(':')} failed",
        category="test",
        lines=((number, first), (said, max(said, last))),
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        failed_tests=(name,),
        suggestion=suggestion(name, message, place),
        confidence=CERTAIN,
    )


def title_end(log: Log, number: int, prefix: str) -> int:
    """Titles of the suites and the test stand below each other, each deeper than the one above."""
    text = line(log, number, prefix)
    depth = len(text) - len(text.lstrip()) + 3
    while line(log, number + 1, prefix).strip():
        text = line(log, number + 1, prefix)
        deeper = len(text) - len(text.lstrip())
        if deeper <= depth:
            break
        number, depth = number + 1, deeper
    return number


def suggestion(name: str, message: str, place: re.Match[str] | None) -> str:
    if "Timeout of" in message:
        return "Find what the test waits for (done() never called, a promise not returned) before raising its timeout"
    if '" hook' in name:
        return "The hook failed, so its tests did not run: repair what it sets up first"
    file = place["file"] if place else ""
    return f"Run it alone: npx mocha {quote(file) if file else ''} --fgrep {quote(name)}".replace("  ", " ")


def jasmine_entries(log: Log, start: int) -> Iterator[Diagnostic]:
    number = start + 1
    while number < min(log.last, start + 4000):
        entry = ENTRY.match(log.text(number))
        if entry and not entry["indent"] and JASMINE_STEPS.match(log.text(number + 1)):
            yield jasmine_failure(log, number, entry["title"])
            number += 1
        elif re.match(r"^\d+ specs?, \d+ failures?", log.text(number)):
            return
        number += 1


def jasmine_failure(log: Log, number: int, name: str) -> Diagnostic:
    end = (log.find(NEXT_ENTRY, number + 1, number + REACH) or number + REACH) - 1
    place = own_frame(log, number, end)
    return Diagnostic(
        title=f"{name} failed",
        category="test",
        lines=((number, number), (number + 2, number + 2)),
        message=log.text(number + 2).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        failed_tests=(name,),
        suggestion=f"Run it alone: npx jasmine --filter={quote(name)}",
        confidence=CERTAIN,
    )


DETECTOR = Detector("mocha", (r"[0-9] failing", r"Failures:(?:\x1b|\r|\n)"), find)
