"""Uncaught exceptions of the common languages, in the form in which their runtimes print them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.classify import classify
from ci_analysis.engine.detectors import GENERIC, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import is_library

FRAMES = 400  # lines of one stack trace that are read
PYTHON_FRAME = re.compile(r'^[\s|]*File "(?P<file>[^"]+)", line (?P<line>\d+)')
PYTHON_END = re.compile(r"^[\s|+]*(?P<name>(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?P<message>: .*)?$")
THROWN = re.compile(
    r"^(?:Exception in thread \"[^\"]{0,200}\" |Uncaught |Unhandled exception\. |\*\* \((?=\w))?"
    r"(?P<name>(?:[A-Za-z_$][\w$]*[.\\])*[A-Z][\w$]*(?:Error|Exception|Failure|Throwable"
    r"|Violation)\b)\)?(?: \[[\w-]+\])?(?:: (?P<message>.*))?$"
)
FRAME = re.compile(
    r"^\s+at (?:.{0,300}[( ])?(?:file://)?(?P<file>[^\s():]+\.\w{1,5}):(?:line "
    r")?(?P<line>\d+)(?::(?P<column>\d+))?\)?$|^\s+at \S|^\s+\.\.\. \d+ more"
)
ONE_LINE = (
    # Ruby
    re.compile(r"^(?P<file>[^\s:]+\.r[bu]):(?P<line>\d+):in [`'].{0,200}': (?P<message>.+ \([A-Z][\w:]*\))$"),
    # PHP
    re.compile(
        r"^(?:PHP )?(?:Fatal|Parse|Catchable fatal) error: +(?P<message>.+) in (?P<file>\S+?)(?: on line "
        r"|:)(?P<line>\d+)$"
    ),
    # Perl
    re.compile(
        r"^(?P<message>(?:Can't|Could not|Undefined|Global symbol|syntax error|Died"
        r"|Uncaught).{0,500}) at (?P<file>\S+\.(?:pl|pm|t)) line (?P<line>\d+)\b"
    ),
    # Go
    re.compile(r"^(?:panic|fatal error): (?P<message>.+)$"),
    # C++
    re.compile(r"^(?P<message>terminate called after throwing an instance of .+)$"),
    # Rust
    re.compile(r"^thread '.{1,200}' (?:\(\d+\) )?panicked at (?P<file>[^\s:']+\.rs):(?P<line>\d+):(?P<column>\d+):$"),
    # a shell's own complaint
    re.compile(
        r"^(?P<file>(?!/bin/|/usr/)\S+\.(?:sh|bash)): (?:line )?(?P<line>\d+): (?P<message>(?!.*(?:Killed"
        r"|Aborted|Terminated|Segmentation)).+)$"
    ),
    re.compile(r"^(?:/bin/|/usr/bin/)?(?:ba|da|z)?sh: (?:line )?\d+: (?P<message>.+)$"),
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    read_to = 0
    for number in hits:
        if number <= read_to:
            continue
        text = log.text(number)
        found = (
            python(log, number)
            if "Traceback (most recent call last)" in text
            else thrown(log, number, text) or one_line(log, number, text)
        )
        if found:
            yield found
            read_to = found.lines[-1][1]


def python(log: Log, start: int) -> Diagnostic | None:
    """The exception's own line comes last; the deepest frame of the repository tells the place."""
    prefix = log.text(start).split("Traceback")[0]
    own: tuple[int, re.Match[str]] | None = None
    for number in range(start + 1, min(log.last, start + FRAMES) + 1):
        text = log.text(number)
        text = text[len(prefix) :] if prefix and text.startswith(prefix) else text
        frame = PYTHON_FRAME.match(text)
        if frame and not is_library(frame["file"]):
            own = (number, frame)
        end = PYTHON_END.match(text)
        if end and not frame and not text.startswith("  ") and text.strip(" |+"):
            at, place = own or (None, None)
            return exception(number, end["name"], (end["message"] or "")[2:], place, at)
    return None


def exception(number: int, name: str, message: str, frame: re.Match[str] | None, at: int | None) -> Diagnostic:
    """The exception's line; the frame that names the place is marked too when it stands above, at line `at`."""
    text = f"{name}: {message}" if message else name
    lines = [(number, number)]
    if at and at < number:
        lines.insert(0, (at, at))
    place = frame.groupdict() if frame else {}
    return Diagnostic(
        title=f"{name.split('.')[-1]}: {message}"[:120].rstrip(": "),
        category=category(text),
        lines=tuple(lines),
        message=text,
        file=place.get("file"),
        line=int(place["line"]) if place.get("line") else None,
        column=int(place["column"]) if place.get("column") else None,
        confidence=GENERIC,
    )


def category(text: str) -> Category:
    found = classify(text)
    return "runtime" if found == "unknown" else found


def thrown(log: Log, number: int, text: str) -> Diagnostic | None:
    """`SomeException: message` with stack frames right below."""
    found = THROWN.match(text.strip())
    if not found or not any(FRAME.match(log.text(n)) for n in range(number + 1, number + 4)):
        return None
    end = log.run(number, FRAME, 60)
    own = next(
        (
            f
            for f in (FRAME.match(log.text(n)) for n in range(number + 1, end + 1))
            if f and f["file"] and not is_library(f.string)
        ),
        None,
    )
    return exception(number, found["name"], found["message"] or "", own, None)


def one_line(log: Log, number: int, text: str) -> Diagnostic | None:
    for pattern in ONE_LINE:
        found = pattern.match(text)
        if found:
            fields = found.groupdict()
            message = fields.get("message") or log.text(number + 1).strip()
            return Diagnostic(
                title=message[:120],
                category=category(message if "panic" not in text else f"panic {message}"),
                lines=((number, number),),
                message=message,
                file=fields.get("file"),
                line=int(fields["line"]) if fields.get("line") else None,
                column=int(fields["column"]) if fields.get("column") else None,
                confidence=GENERIC,
            )
    return None


DETECTOR = Detector(
    "exception",
    (
        r"Traceback \(most recent call last\)",
        r"[a-z](?:Error|Exception|Failure|Throwable|Violation)\)?(?: \[[A-Z_]{1,40}\])?(?:: |\x1b|\r|\n)",
        r":in [`'].{0,200}': .{0,500} \([A-Z]",
        r"(?:Fatal|Parse|fatal) error: ",
        r"\.(?:pl|pm|t) line [0-9]",
        r"panic: ",
        r"terminate called after",
        r"' (?:\([0-9]+\) )?panicked at ",
        r"sh: (?:line )?[0-9]+: ",
    ),
    find,
)
