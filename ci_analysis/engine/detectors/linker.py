"""What the linkers of native programs say besides undefined references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

LIBRARY = re.compile(
    r"\bld(?:\.\w+)?(?:\.exe)?: (?:error: )?(?:cannot find|unable to find library"
    r"|library not found for) (?P<library>-l\S+?)(?::|$|\s)|^ld: library '(?P<mac>[^']+)' not found"
)
TWICE = re.compile(r"multiple definition of [`'](?P<symbol>[^']+)'|duplicate symbol:? '?(?P<other>\S+?)'?(?: in:|$)")
FAILED = re.compile(
    r"^(?:collect2: error: ld returned \d+ exit status|(?:clang(?:\+\+)?"
    r"|clang-\d+): error: linker command failed)"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if missing := LIBRARY.search(text):
            library = missing["library"] or missing["mac"]
            yield link_error(
                number,
                text,
                f"Link error: {library} was not found",
                (
                    f"Install the development package that has lib{library.removeprefix('-l')}.so, or add its "
                    f"folder with -L."
                ),
            )
        elif twice := TWICE.search(text):
            symbol = twice["symbol"] or twice["other"]
            yield link_error(
                number,
                text,
                f"Link error: {symbol} is defined twice",
                f"Keep one definition of {symbol}; in a header declare it extern, inline or static.",
            )
        elif FAILED.match(text):
            yield Diagnostic("The linker failed", "compile", ((number, number),), text, confidence=SYMPTOM)


def link_error(number: int, text: str, title: str, advice: str) -> Diagnostic:
    return Diagnostic(title, "compile", ((number, number),), text.strip(), suggestion=advice, confidence=CERTAIN)


DETECTOR = Detector(
    "linker",
    (
        r"cannot find -l",
        r"unable to find library -l",
        r"library not found for -l",
        r"ld: library '",
        r"multiple definition of",
        r"duplicate symbol",
        r"ld returned [0-9]",
        r"linker command failed",
    ),
    find,
)
