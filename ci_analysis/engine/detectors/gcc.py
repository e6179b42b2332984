"""gcc and clang, and the linkers behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

ERROR = re.compile(
    r"^(?P<file>[^\s:][^:]*\.(?:c|cc|cpp|cxx|cu|m|mm|h|hh|hpp|hxx|inl|ipp|S)):(?P<line>\d+):(?:"
    r"(?P<column>\d+):)? (?:fatal )?error: (?P<message>.+)"
)
UNDEFINED = re.compile(r"undefined reference to [`'‘\"](?P<symbol>.+?)['’\"]$|^\s+\"(?P<mach>_\S+)\", referenced from:")
MISSING_HEADER = re.compile(r"'?(?P<header>[\w./+-]+\.h\w*)'?(?:: No such file or directory| file not found)")

# clang-tidy, clang-format and cppcheck name their check at the end, Doxygen says this; others read these.
LINTED = re.compile(
    r"\[(?:(?!clang-diagnostic-error)(?:[a-z]+-)+[\w.-]+(?:,-warnings-as-errors)?|-Wclang-format-violations"
    r"|[a-z]+[A-Z]\w+)\]$|\(warning treated as error, aborting now\)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        error = ERROR.match(text)
        if error and not LINTED.search(text):
            yield compile_error(error, number)
        elif undefined := UNDEFINED.search(text):
            yield link_error(text, undefined["symbol"] or undefined["mach"], number)


def compile_error(error: re.Match[str], number: int) -> Diagnostic:
    header = MISSING_HEADER.search(error["message"])
    suggestion = f"Look at {error['file']} line {error['line']}: the compiler stops there."
    if header:
        suggestion = f"Install the package that has {header['header']}, or add its folder to the include path (-I)."
    return Diagnostic(
        title=f"Compile error in {error['file']}",
        category="compile",
        lines=((number, number),),
        message=error["message"],
        file=error["file"],
        line=int(error["line"]),
        column=int(error["column"]) if error["column"] else None,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def link_error(text: str, symbol: str, number: int) -> Diagnostic:
    return Diagnostic(
        title=f"Link error: {symbol} is not defined",
        category="compile",
        lines=((number, number),),
        message=text.strip(),
        suggestion=f"Link the library or object file that defines {symbol}; check the order of -l options.",
        confidence=CERTAIN,
    )


DETECTOR = Detector("gcc", (r"error: ", r"undefined reference to", r", referenced from:"), find)
