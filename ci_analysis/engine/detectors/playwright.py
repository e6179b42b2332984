"""Playwright Test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from shlex import quote

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

NAME = r"(?P<test>(?:\[[^\]]+\] › )?(?P<file>[^\s:]+\.[cm]?[jt]sx?):(?P<line>\d{1,7}):(?P<column>\d{1,7}) › .+?)"
BLOCK = re.compile(rf"^\s*\d+\) {NAME}(?: ─+)?(?:%0A.*)?$")
LISTED = re.compile(rf"^\s+{NAME}(?: ─+)?$")
COUNT = re.compile(r"^\s+\d+ (?P<what>failed|flaky|interrupted|skipped|did not run|passed)\b")
ERROR = re.compile(r"^\s+(?:(?:[A-Za-z]\w*)?Error: |Test timeout of |Test ended\.|[A-Z]\w+Error: )")
PLACE = re.compile(r"^\s+at (?:.{0,200}\()?(?P<file>[^\s():]+\.[cm]?[jt]sx?):(?P<line>\d{1,7}):(?P<column>\d{1,7})\)?$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    blocks: dict[str, int] = {}
    failed: dict[str, int] = {}
    for number in hits:
        if block := BLOCK.match(log.text(number)):
            blocks.setdefault(block["test"], number)
        elif (count := COUNT.match(log.text(number))) and count["what"] in ("failed", "interrupted"):
            failed |= {
                listed["test"]: n
                for n in range(number + 1, log.run(number, LISTED, 1000) + 1)
                if (listed := LISTED.match(log.text(n)))
            }
    for test, number in blocks.items():
        if not failed or test in failed:  # what is not in the list of the failed passed when it was tried again
            yield failed_test(log, number, test, failed.get(test))


def failed_test(log: Log, number: int, test: str, listed: int | None) -> Diagnostic:
    end = (
        next(
            (n for n in range(number + 1, number + 150) if BLOCK.match(log.text(n)) or COUNT.match(log.text(n))),
            number + 150,
        )
        - 1
    )
    said = log.find(ERROR, number + 1, end) or number
    places = [p for p in (PLACE.match(log.text(n)) for n in range(said, end + 1)) if p and not is_library(p["file"])]
    place = places[0] if places else BLOCK.match(log.text(number))
    message = log.text(said).strip()
    lines = [(number, number), (said, said)] + ([(listed, listed)] if listed else [])
    return Diagnostic(
        title=f"{test.split(' › ')[-1]} failed",
        category=category(message),
        lines=tuple(lines),
        message=message,
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
        failed_tests=(test,),
        suggestion=suggestion(test, message),
        confidence=CERTAIN,
    )


def category(message: str) -> Category:
    return "configuration" if "Executable doesn't exist" in message or "missing dependencies" in message else "test"


def suggestion(test: str, message: str) -> str:
    if category(message) == "configuration":
        return (
            "Install the browsers of the Playwright version in use before the tests: npx playwright install --with-deps"
        )
    if "ERR_CONNECTION_REFUSED" in message:
        return (
            "The application under test did not answer: start it before the tests (webServer in playwright.config) "
            "and look at its own output"
        )
    where = next(part for part in test.split(" › ") if ":" in part).rsplit(":", 1)[0]
    return f"Run it alone and look at its trace: npx playwright test {quote(where)} --trace on"


DETECTOR = Detector(
    "playwright",
    (r"[0-9]\) .{0,60}\.[cm]?[jt]sx?:[0-9]{1,6}:[0-9]{1,5} ", r"[0-9] (?:failed|interrupted)(?:\x1b|\r|\n)"),
    find,
)
