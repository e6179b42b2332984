"""Errors of Lisps: SBCL, Guile, Racket, Clojure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

SBCL = re.compile(r"^(?:Unhandled|debugger invoked on an?) (?P<name>[\w:.-]+)(?: in thread|:)")
GUILE = re.compile(r"^ERROR: In procedure (?:[^:]+):(?P<message>.*)$")
CLOJURE = re.compile(
    r"^(?P<kind>Execution error|Syntax error(?: \w+ing)?) ?(?:\((?P<name>[\w.$]+)\) )?(?:compiling "
    r"|reading source |macroexpanding \S+ )?at .*?\(?(?P<file>[\w./-]+\.cljc?s?|REPL):"
    r"(?P<line>\d{1,7})(?::(?:\d{1,7}))?\)?\.$"
)
LOADED = re.compile(r'of #P"(?P<file>[^"]+)"|\(primitive-load "(?P<guile>[^"]+)"\)')


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if sbcl := SBCL.match(text):
            yield sbcl_error(log, number, sbcl["name"])
        elif guile := GUILE.match(text):
            message = guile["message"].strip() or log.text(number + 1).strip()
            yield error(message, number, min(number + 1, log.last), source(log, number), None)
        elif clojure := CLOJURE.match(text):
            message = log.text(number + 1).strip()
            kind = "compile" if clojure["kind"].startswith("Syntax") else "runtime"
            found = error(message or text, number, min(number + 1, log.last), clojure["file"], int(clojure["line"]))
            yield (
                found
                if kind == "runtime"
                else Diagnostic(
                    found.title, "compile", found.lines, found.message, found.file, found.line, confidence=CERTAIN
                )
            )


def sbcl_error(log: Log, number: int, name: str) -> Diagnostic:
    """The message is indented below; the thread's address may have wrapped onto a line between."""
    message_at = log.find(re.compile(r"^  (?! +\{)\S"), number + 1, number + 4) or number
    return error(f"{name}: {log.text(message_at).strip()}", number, message_at, source(log, number), None)


def source(log: Log, number: int) -> str | None:
    at = log.find(LOADED, number, number - 30)
    loaded = LOADED.search(log.text(at)) if at else None
    return (loaded["file"] or loaded["guile"]) if loaded else None


def error(message: str, first: int, last: int, file: str | None, line: int | None) -> Diagnostic:
    return Diagnostic(
        title=message[:120],
        category="runtime",
        lines=((first, last),),
        message=message,
        file=file,
        line=line,
        suggestion=f"Load {file.split('/')[-1]} here and look at the back trace." if file else "",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "lisp",
    (
        r"Unhandled [A-Z]",
        r"debugger invoked on a",
        r"ERROR: In procedure ",
        r"Execution error ",
        r"Syntax error (?:compiling|reading|macroexpanding)",
    ),
    find,
)
