"""Karma: `Browser 1.2.3 (Linux) suite test FAILED`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import own_frame
from ci_analysis.engine.lines import Log

BROWSER = (
    r"(?P<browser>(?:Chrome|HeadlessChrome|Chromium|Firefox|Safari|Edge|Opera|PhantomJS|Mobile Safari|IE|jsdom"
    r"|Electron)[\w .-]{0,40} \([^()]{1,60}\))"
)
FAILED = re.compile(rf"^{BROWSER}(?::)? (?P<test>.+) FAILED$")
BROKEN = re.compile(rf"^{BROWSER}:? (?P<what>ERROR|Disconnected.*|DISCONNECTED)(?P<rest>.*)$")
NO_BROWSER = re.compile(
    r"(?:ERROR \[launcher\]: |ERROR \[karma-server\]: )(?P<message>.*(?:Cannot (?:start|load browser)|No binary for).*)"
)
DEEPER = re.compile(r"^\s+\S")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for number in hits:
        text = log.text(number)
        if failed := FAILED.match(text):
            if failed["test"] not in seen and not failed["test"].startswith("Executed "):
                seen.add(failed["test"])
                yield failed_test(log, number, failed["test"])
        elif broken := BROKEN.match(text):
            yield browser_failure(log, number, broken)
        elif launcher := NO_BROWSER.search(text):
            yield Diagnostic(
                "Karma could not start a browser",
                "configuration",
                ((number, number),),
                launcher["message"],
                suggestion=(
                    "Install the browser in the job and set CHROME_BIN (as root also pass --no-sandbox through "
                    "customLaunchers)"
                ),
                confidence=CERTAIN,
            )


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    end = log.run(number, DEEPER, 60)
    place = own_frame(log, number + 1, end)
    return Diagnostic(
        title=f"{test} failed",
        category="test",
        lines=((number, min(number + 1, end)),),
        message=log.text(number + 1).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        failed_tests=(test,),
        suggestion="Run it alone: fdescribe or fit in its file, or npx karma start --single-run -- --grep '<name>'",
        confidence=CERTAIN,
    )


def browser_failure(log: Log, number: int, broken: re.Match[str]) -> Diagnostic:
    lost = broken["what"].lower().startswith("disconnected")
    category: Category = "infrastructure" if lost else "test"
    end = log.run(number, DEEPER, 10)
    message = broken["what"] + broken["rest"] if lost else log.text(min(number + 1, end)).strip()
    return Diagnostic(
        title="The browser was lost" if lost else f"Error in the browser: {message}"[:120],
        category=category,
        lines=((number, end),),
        message=message,
        suggestion=(
            "The page froze or ran out of memory; look for an endless loop in the last test, then raise "
            "browserNoActivityTimeout"
        )
        if lost
        else "",
        confidence=LIKELY,
    )


DETECTOR = Detector(
    "karma",
    (
        r"\) .{1,300} FAILED",
        r"\):? ERROR",
        r"\):? .{0,3}(?i:disconnected)",
        r"\[launcher\]: .{0,80}(?:Cannot|No binary)",
    ),
    find,
)
