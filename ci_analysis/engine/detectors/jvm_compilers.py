"""Compilers of the JVM's languages: javac alone and below Maven, Gradle, Ant; kotlinc, scalac, groovyc."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

SOURCE = r"(?P<file>(?:[A-Za-z]:)?[^\s:\[\]()]+\.(?:java|kt|kts|scala|sc|groovy|gradle))"
JAVAC = re.compile(
    rf"^(?:\[(?:ERROR|error|javac)\]\s+|> Task \S+\s*|:\w+)?{SOURCE}:(?P<line>\d{{1,7}}):(?:"
    rf"(?P<column>\d{{1,7}}):)? (?:\[error\] )?error: (?P<message>.+)"
)
MAVEN = re.compile(
    rf"^(?:\[ERROR\] )?{SOURCE}:\[(?P<line>\d{{1,7}}),(?P<column>\d{{1,7}})\] (?:error: )?(?P<message>.+)"
)
KOTLIN = re.compile(
    rf"^(?:\[ERROR\] )?e: (?:file://)?{SOURCE}(?::(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}):?|: \("
    rf"(?P<line2>\d{{1,7}}), (?P<column2>\d{{1,7}})\):) (?P<message>.+)"
)
SBT = re.compile(
    rf"^\[error\] (?:-- (?:\[E\d+\] )?(?:[\w ]+): )?{SOURCE}:(?P<line>\d{{1,7}}):"
    rf"(?P<column>\d{{1,7}})(?:: (?P<message>.+?)|\s*-*)$"
)
SCALA3 = re.compile(
    rf"^-- (?:\[E\d+\] )?(?P<message>[\w ]*Error): {SOURCE}:(?P<line>\d{{1,7}}):(?P<column>\d{{1,7}}) -+$"
)
GROOVY = re.compile(
    rf"^{SOURCE}: (?P<line>\d{{1,7}}): (?P<message>.+?)(?: @ line \d+, column (?P<column>\d{{1,7}})\.)?$"
)
SYMBOL = re.compile(r"^\s*(?:\[ERROR\]|\[javac\])?\s*symbol: +(?P<symbol>.+)")
MISSING_PACKAGE = re.compile(r"package (?P<package>\S+) does not exist|(?:object|Unresolved reference:?) '?\w+'?")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[tuple[str, str, str]] = set()
    for number in hits:
        text = log.text(number).strip()
        for pattern in (JAVAC, MAVEN, KOTLIN, SBT, SCALA3, GROOVY):
            error = pattern.match(text)
            if error and (
                pattern is not GROOVY or "startup failed" in log.text(number - 1) or log.text(number - 1) == ""
            ):
                key = (error["file"], line_of(error), error["message"] or "")
                if key not in seen:  # Maven repeats every error at the end
                    seen.add(key)
                    yield compile_error(log, number, error)
                break


def line_of(error: re.Match[str]) -> str:
    fields = error.groupdict()
    return str(fields["line"] or fields.get("line2"))


def compile_error(log: Log, number: int, error: re.Match[str]) -> Diagnostic:
    fields = error.groupdict()
    message = (fields["message"] or log.text(number + 1).removeprefix("[error]")).strip()
    symbol_at = log.find(SYMBOL, number + 1, number + 4)
    symbol = SYMBOL.match(log.text(symbol_at)) if symbol_at else None
    if symbol:
        message = f"{message}: {symbol['symbol']}"
    elif message.endswith(";"):  # scalac's mismatches go on below: found, required
        below = (log.text(n).removeprefix("[error]").split() for n in (number + 1, number + 2))
        message = " ".join([message, *(" ".join(words) for words in below)])
    column = fields.get("column") or fields.get("column2")
    return Diagnostic(
        title=f"Compile error: {message}"[:120],
        category="compile",
        lines=((number, symbol_at or number),),
        message=message,
        file=fields["file"],
        line=int(line_of(error)),
        column=int(column) if column else None,
        suggestion=advice(message, fields["file"], line_of(error)),
        confidence=CERTAIN,
    )


def advice(message: str, file: str, line: str) -> str:
    missing = MISSING_PACKAGE.search(message)
    if missing and missing["package"]:
        return f"Add the dependency that has {missing['package']} to the build file, or correct the import in {file}."
    return f"Correct {file} line {line}; the compiler stops there."


DETECTOR = Detector(
    "jvm compiler",
    (
        r"\.(?:java|kts?|scala|groovy):[0-9]+:(?:[0-9]+:)? (?:\[error\] )?error: ",
        r"\.(?:java|kt|scala|groovy):\[[0-9]+,[0-9]+\] ",
        r"e: (?:file://)?.{1,300}\.kts?:",
        r"\[error\] .{0,300}\.scala:[0-9]+:[0-9]+",
        r"Error: .{1,200}\.scala:[0-9]+:",
        r"\.(?:groovy|gradle): [0-9]+: ",
    ),
    find,
)
