"""TeX and LaTeX, with and without -file-line-error; latexmk; BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

ERROR = re.compile(
    r"^! (?P<message>(?:LaTeX|Package \S+|Class \S+) Error: .+|(?:Undefined|Missing|Extra|Too many"
    r"|Paragraph|File ended|Runaway|Illegal|Misplaced|Double|Dimension|Argument|Use of|Bad|Font"
    r"|I can't|Improper|You can't|TeX capacity|Display).*)$"
)
WITH_PLACE = re.compile(r"^(?P<file>\S+\.(?:tex|sty|cls|ltx)):(?P<line>\d{1,7}): (?P<message>.+)$")
LINE = re.compile(r"^l\.(?P<line>\d{1,7}) ")
OPENED = re.compile(r"\((?P<file>\.?/?[\w./-]+\.(?:tex|ltx))")
FILE = re.compile(r"File [`'](?P<file>[^']+)' not found")
ENDED = re.compile(r"^!  ==> Fatal error occurred|^Latexmk: Errors, so I did not complete|^Collected error summary")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if placed := WITH_PLACE.match(text):
            yield latex_error(log, number, placed["message"], placed["file"], int(placed["line"]))
        elif error := ERROR.match(text):
            at = log.find(LINE, number + 1, number + 20)
            line = LINE.match(log.text(at)) if at else None
            yield latex_error(log, number, error["message"], source(log, number), int(line["line"]) if line else None)
        elif ENDED.match(text):
            yield Diagnostic("LaTeX made no output", "compile", ((number, number),), text, confidence=SYMPTOM)


def source(log: Log, number: int) -> str | None:
    """The document's own file that TeX opened last; it prints `(./name.tex` then."""
    at = log.find(OPENED, number, number - 400)
    opened = OPENED.findall(log.text(at)) if at else []
    return opened[-1].removeprefix("./") if opened else None


def latex_error(log: Log, number: int, message: str, file: str | None, line: int | None) -> Diagnostic:
    missing = FILE.search(message)
    shown = LINE.match(log.text(number + 1))
    return Diagnostic(
        title=f"LaTeX: {message}"[:120],
        category="dependency" if missing else "compile",
        lines=((number, number + 1 if shown else number),),
        message=f"{message} {log.text(number + 1).split(' ', 1)[-1]}" if shown else message,
        file=file,
        line=line,
        suggestion=f"Install the package that has it: tlmgr search --global --file /{missing['file']}"
        if missing
        else "Run it here: latexmk -pdf -interaction=nonstopmode -file-line-error <file>",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "latex",
    (
        (
            r"! (?:LaTeX|Package|Class|Undefined|Missing|Extra|Too many|Paragraph|File ended|Runaway"
            r"|Illegal|Misplaced|Double|Dimension|Argument|Use of|Bad|Font|I can't|Improper|You can't"
            r"|TeX capacity|Display|==>)"
        ),
        r"!  ==> Fatal",
        r"\.(?:tex|sty|cls|ltx):[0-9]+: ",
        r"Latexmk: Errors",
        r"Collected error summary",
    ),
    find,
)
