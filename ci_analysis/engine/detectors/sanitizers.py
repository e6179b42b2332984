"""Crashes of native programs that explain themselves: sanitizers, Valgrind, assertions, uncaught C++ exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

SANITIZER = re.compile(
    r"^(?:=+\d+=+ ?)?(?:ERROR|WARNING): (?P<tool>(?:Address|Leak|Thread|Memory"
    r"|HWAddress)Sanitizer): (?P<what>detected memory leaks|data race|[\w -]+?)(?: (?:on|\(pid|in"
    r"|0x).*|: .*)?$"
)
FRAME = re.compile(
    r"^\s+#\d+ (?:0x[0-9a-f]+ in )?(?P<function>\S.*?) (?P<file>[^\s:()]+\.\w+):(?P<line>\d{1,7})(?::"
    r"(?P<column>\d{1,7}))?"
)
FOREIGN = re.compile(r"libsanitizer|/sysdeps/|/csu/|compiler-rt|/usr/include|/rustc/|<null>")
SUMMARY = re.compile(r"^SUMMARY: (?P<tool>\w+Sanitizer): (?P<what>.+)")
UNDEFINED = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7}): runtime error: (?P<message>.+)")
VALGRIND = re.compile(
    r"^==\d+== (?P<message>Invalid (?:read|write|free).*"
    r"|Conditional jump or move depends on uninitialised value.*|Use of uninitialised value.*"
    r"|Mismatched free.*"
    r"|Source and destination overlap.*|Jump to the invalid address.*|Syscall param .+"
    r"|.* bytes? in [\d,]+ blocks? are (?:definitely|indirectly|possibly) lost.*"
    r"|Possible data race.*)$"
)
VALGRIND_FRAME = re.compile(
    r"^==\d+==    (?:at|by) 0x[0-9A-F]+: (?P<function>.+?) \((?P<file>[^\s:()]+):(?P<line>\d{1,7})\)$"
)
VALGRIND_END = re.compile(r"^==\d+== ERROR SUMMARY: (?P<count>\d+) errors")
ASSERTION = re.compile(
    r"^(?:(?:[^\s:]+): )?(?P<file>[^\s:]+):(?P<line>\d{1,7}): (?P<function>.+): "
    r"(?P<message>Assertion [`'].+' failed\.?)$"
)
MAC_ASSERTION = re.compile(
    r"^(?P<message>Assertion failed: \(.+\)), function (?P<function>.+), file (?P<file>.+), line "
    r"(?P<line>\d{1,7})\.$"
)
TERMINATE = re.compile(
    r"^terminate called (?:after throwing an instance of '(?P<type>.+)'|without an active exception)"
)
WHAT = re.compile(r"^  what\(\):\s+(?P<message>.+)")
FRAMES = 60  # lines of one report that are searched for the first frame of the project


def find_sanitizer(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if report := SANITIZER.match(text):
            yield sanitizer(log, number, report)
        elif undefined := UNDEFINED.match(text):
            yield diagnostic(
                f"Undefined behaviour: {undefined['message']}",
                ((number, number),),
                undefined["message"],
                undefined,
                int(undefined["column"]),
                (
                    "Build with -fsanitize=undefined -g and run it here; UBSAN_OPTIONS=print_stacktrace=1 shows "
                    "the callers."
                ),
            )


def sanitizer(log: Log, number: int, report: re.Match[str]) -> Diagnostic:
    place = next(
        (
            f
            for f in map(FRAME.match, map(log.text, range(number + 1, number + FRAMES)))
            if f and not FOREIGN.search(f.string)
        ),
        None,
    )
    lines = [(number, number)]
    summary = log.find(SUMMARY, number + 1, number + 400)
    if summary:
        lines.append((summary, summary))
    what = report["what"].strip()
    return diagnostic(
        f"{report['tool']}: {what}" + (f" in {place['function']}" if place else ""),
        tuple(lines),
        log.text(number),
        place,
        None,
        f"Start at {place['file']} line {place['line']}, the first frame of the project in the report."
        if place
        else "Build with -g to see the place in the report.",
    )


def diagnostic(
    title: str,
    lines: tuple[tuple[int, int], ...],
    message: str,
    place: re.Match[str] | None,
    column: int | None,
    advice: str,
) -> Diagnostic:
    return Diagnostic(
        title=title,
        category="runtime",
        lines=lines,
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=column,
        suggestion=advice,
        confidence=CERTAIN,
    )


def find_valgrind(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    """Valgrind's reports count when its own summary counts errors."""
    ends = [n for n in hits if (end := VALGRIND_END.match(log.text(n))) and end["count"] != "0"]
    for number in hits:
        report = VALGRIND.match(log.text(number))
        if report and any(end > number for end in ends):
            place = next(
                (
                    f
                    for f in map(VALGRIND_FRAME.match, map(log.text, range(number + 1, number + 15)))
                    if f and "vg_replace" not in f.string
                ),
                None,
            )
            last = log.find(VALGRIND_END, number, number + 2000)
            lines = ((number, number + 1),) if last is None else ((number, number + 1), (last, last))
            yield diagnostic(
                f"Valgrind: {report['message'].split(' at 0x')[0]}",
                lines,
                report["message"],
                place,
                None,
                "Run it here: valgrind --track-origins=yes --leak-check=full <program>",
            )


def find_abort(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if failed := ASSERTION.match(text) or MAC_ASSERTION.match(text):
            yield diagnostic(
                f"{failed['message'].rstrip('.')} in {failed['file']}",
                ((number, number),),
                failed["message"],
                failed,
                None,
                f"Look at {failed['file']} line {failed['line']}: what it takes for granted does not hold there.",
            )
        elif thrown := TERMINATE.match(text):
            what = WHAT.match(log.text(number + 1))
            message = f"{thrown['type']}: {what['message']}" if what else text
            yield diagnostic(
                f"Uncaught C++ exception {thrown['type'] or ''}".strip(),
                ((number, number + 1 if what else number),),
                message,
                None,
                None,
                "Find where it is thrown: gdb -ex 'catch throw' -ex run -ex backtrace --args <program>",
            )


DETECTORS = (
    Detector("sanitizer", (r"(?:Address|Leak|Thread|Memory)Sanitizer: ", r": runtime error: "), find_sanitizer),
    Detector(
        "valgrind",
        (
            (
                r"== (?:Invalid|Conditional jump|Use of uninit|Mismatched|Source and dest|Jump to|Syscall param"
                r"|Possible data)"
            ),
            r"== .{0,40} blocks? are ",
            r"== ERROR SUMMARY: ",
        ),
        find_valgrind,
    ),
    Detector("abort", (r"Assertion [`'].{1,300}' failed", r"Assertion failed: \(", r"terminate called "), find_abort),
)
