"""What Node.js itself says when a script dies: missing modules, syntax errors, rejected promises, an exhausted heap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.classify import classify
from ci_analysis.engine.detectors import CERTAIN, LIKELY, Detector, Diagnostic
from ci_analysis.engine.detectors.javascript_frames import own_frame
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

HEAP = re.compile(r"^(?:.{0,80} )?FATAL ERROR: (?P<message>.*(?:heap out of memory|Allocation failed).*)$")
MISSING = re.compile(
    r"^\s*(?:Uncaught )?Error(?: \[\w+\])?: (?P<message>Cannot find (?:module|package) '(?P<module>[^']+)'.*)$"
)
IMPORTER = re.compile(r"imported from (?:file://)?(?P<file>\S+)")
REQUIRED_BY = re.compile(r"^- (?P<file>\S+)$")
PLACE = re.compile(r"^(?:file://)?(?P<file>(?:/|[A-Za-z]:\\)?\S+\.[cm]?[jt]sx?):(?P<line>\d{1,7})$")
THROWN = re.compile(
    r"^(?:Uncaught )?(?P<message>(?P<name>(?:[A-Z]\w*)?(?:Error|Exception|Rejection))(?: \[\w+\])?(?:: .*)?)$"
)
CARET = re.compile(r"^\s*[\^~]+\s*$")
SSL = re.compile(r"(?P<message>error:0308010C:digital envelope routines::unsupported)")
REASON = re.compile(r'The promise rejected with the reason "(?P<reason>.+)"')


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[int] = set()
    for number in hits:
        text = log.text(number)
        if heap := HEAP.match(text):
            yield Diagnostic(
                "Node.js ran out of heap memory",
                "resource",
                ((number, number),),
                heap["message"],
                suggestion=(
                    "Raise the heap within what the runner has (NODE_OPTIONS=--max-old-space-size=4096), or split "
                    "the build or the tests into smaller runs"
                ),
                confidence=CERTAIN,
            )
        elif ssl := SSL.search(text):
            yield Diagnostic(
                "The bundler needs an OpenSSL older than that of this Node.js",
                "configuration",
                ((number, number),),
                ssl["message"],
                suggestion=(
                    "Upgrade webpack to 5.61 or later; until then run with NODE_OPTIONS=--openssl-legacy-provider "
                    "or Node.js 16"
                ),
                confidence=CERTAIN,
            )
        elif missing := MISSING.match(text):
            yield missing_module(log, number, missing)
        elif text.startswith("Node.js v"):
            died = death(log, number)
            if died and died.lines[-1][0] not in seen:
                seen.add(died.lines[-1][0])
                yield died


def missing_module(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    module = found["module"]
    importer = IMPORTER.search(found["message"]) or (
        REQUIRED_BY.match(log.text(number + 2)) if log.text(number + 1) == "Require stack:" else None
    )
    frame = own_frame(log, number, number + 12)
    place = frame or importer
    own = module.startswith((".", "/"))
    return Diagnostic(
        title=f"Cannot find module {in_repository(module)}",
        category="dependency" if not own else "runtime",
        lines=((number, number),),
        message=found["message"],
        file=in_repository(place["file"]) if place else None,
        line=int(frame["line"]) if frame else None,
        suggestion=(
            f"The file {in_repository(module)} is not there: build it first, correct the path (case matters on "
            "Linux), or commit it"
        )
        if own
        else (
            f"Install {module} (npm install {module}) and commit package.json with the lock file; in a workspace "
            "check that the job installs it"
        ),
        confidence=LIKELY,
    )


def death(log: Log, number: int) -> Diagnostic | None:
    """Node.js prints where, the source line, the exception with its stack, and last its own version."""
    for line in range(number - 1, max(0, number - 80), -1):
        thrown = THROWN.match(log.text(line))
        if thrown and any(CARET.match(log.text(n)) for n in range(line - 3, line)):
            return uncaught(log, line, number, thrown)
    return None


def uncaught(log: Log, line: int, end: int, thrown: re.Match[str]) -> Diagnostic | None:
    if MISSING.match(log.text(line)):
        return None  # reported with its module
    head = next((p for p in (PLACE.match(log.text(n)) for n in range(line - 2, max(0, line - 8), -1)) if p), None)
    frame = own_frame(log, line, end)
    place = frame or (head if head and not is_library(head["file"]) and not head["file"].startswith("node:") else None)
    message = thrown["message"]
    reason = REASON.search(message)
    category = classify(message, "")
    return Diagnostic(
        title=f"Unhandled rejection: {reason['reason']}"[:120] if reason else message[:120],
        category="compile"
        if thrown["name"] == "SyntaxError"
        else category
        if category in ("network", "permission", "resource")
        else "runtime",
        lines=((line, line),),
        message=message,
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        column=int(frame["column"]) if frame and frame["column"] else None,
        suggestion=(
            "Catch the rejected promise where it is made, or let it fail with an Error so that the stack names the "
            "place"
        )
        if reason
        else "",
        confidence=LIKELY,
    )


DETECTOR = Detector(
    "node",
    (r"FATAL ERROR: ", r"digital envelope routines", r"Cannot find (?:module|package) '", r"Node\.js v[0-9]"),
    find,
)
