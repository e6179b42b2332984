"""Formatters that only check: Black, Ruff, isort, Prettier, codespell, and the words that others share with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository

WOULD = re.compile(r"^(?P<ruff>W)?(?:(?<!W)w)?ould reformat:? (?P<file>\S.*)$")
BLACK_PARSE = re.compile(
    r"^error: cannot format (?P<file>\S+?): (?P<message>(?:Cannot parse|cannot use).*?(?:: (?P<line>\d{1,7}):"
    r"(?P<column>\d{1,7}))?.*)$"
)
BLACK_PARSE_NEW = re.compile(r"^error: cannot parse: (?P<file>\S+?):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
BLACK_PLACE = re.compile(r": (?P<line>\d{1,7}):(?P<column>\d{1,7}):")
ISORT = re.compile(r"^ERROR: (?P<file>\S+) Imports are incorrectly sorted and/or formatted\.$")
PRETTIER = re.compile(r"^\[warn\] (?P<file>\S+\.\w+)$")
PRETTIER_OLD = re.compile(r"^(?P<file>[\w@./-]+\.(?:[cm]?[jt]sx?|json5?|css|scss|less|md|mdx|ya?ml|html|vue|graphql))$")
PRETTIER_TOTAL = re.compile(r"^(?:\[warn\] )?Code style issues (?:were )?found in")
PRETTIER_ERROR = re.compile(
    r"^\[error\] (?P<file>\S+?): (?P<message>\w*Error: .+?) \((?P<line>\d{1,7}):(?P<column>\d{1,7})\)$"
)
CODESPELL = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d{1,7}): (?P<message>(?P<wrong>\S+) ==> .+)$")
DIFF_HEADER = re.compile(r"^--- (?P<file>\S+)")
TOTAL = re.compile(r"^(?:\d+ files? would (?:be reformatted|fail to reformat)|Oh no!)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if would := WOULD.match(text):
            tool = "ruff format" if would["ruff"] else "black"
            yield unformatted(
                would["file"], number, text, f"Format it and commit: {tool} {in_repository(would['file'])}"
            )
        elif isort := ISORT.match(text):
            yield unformatted(
                isort["file"], number, text, f"Sort the imports and commit: isort {in_repository(isort['file'])}"
            )
        elif prettier := PRETTIER.match(text):
            yield unformatted(
                prettier["file"], number, text, f"Format it and commit: npx prettier --write {prettier['file']}"
            )
        elif broken := BLACK_PARSE_NEW.match(text) or BLACK_PARSE.match(text) or PRETTIER_ERROR.match(text):
            yield unreadable(number, text, broken)
        elif spelling := CODESPELL.match(text):
            yield misspelt(number, spelling)
        elif TOTAL.match(text):
            yield from total(log, number, text)


def unformatted(file: str, number: int, text: str, suggestion: str) -> Diagnostic:
    file = in_repository(file)
    return Diagnostic(
        f"{file} is not formatted",
        "lint",
        ((number, number),),
        text,
        file=file,
        suggestion=suggestion,
        confidence=CERTAIN,
    )


def unreadable(number: int, text: str, broken: re.Match[str]) -> Diagnostic:
    fields = broken.groupdict()
    place = BLACK_PLACE.search(text)
    line = fields.get("line") or (place["line"] if place else None)
    column = fields.get("column") or (place["column"] if place else None)
    file = in_repository(broken["file"])
    return Diagnostic(
        title=f"{file} cannot be parsed",
        category="compile",
        lines=((number, number),),
        message=fields.get("message") or text,
        file=file,
        line=int(line) if line else None,
        column=int(column) if column else None,
        suggestion=f"Correct the syntax error{f' in line {line}' if line else ''} first: the file cannot be read",
        confidence=CERTAIN,
    )


def misspelt(number: int, found: re.Match[str]) -> Diagnostic:
    return Diagnostic(
        title=f"Misspelt word: {found['message']}"[:120],
        category="lint",
        lines=((number, number),),
        message=found["message"],
        file=in_repository(found["file"]),
        line=int(found["line"]),
        suggestion=(
            f"Correct it: codespell -w {in_repository(found['file'])}, or if the word is right, list it under "
            "ignore-words-list"
        ),
        confidence=CERTAIN,
    )


def total(log: Log, number: int, text: str) -> Iterator[Diagnostic]:
    """With --diff Ruff names the files only in the headers of the diff."""
    headers = [
        (n, h)
        for n in range(max(1, number - 200), number)
        if (h := DIFF_HEADER.match(log.text(n))) and log.text(n + 1).startswith("+++ ")
    ]
    if (
        "would be reformatted" in text
        and headers
        and not any("would reformat" in log.text(n).lower() for n in range(headers[-1][0], number))
    ):
        for line, header in headers[:20]:
            yield unformatted(
                header["file"],
                line,
                f"{in_repository(header['file'])} would be reformatted",
                f"Format it and commit: ruff format {in_repository(header['file'])}",
            )
        yield Diagnostic(
            "Files are not formatted",
            "lint",
            ((number, number),),
            text,
            suggestion="Format them and commit: ruff format .",
            confidence=CERTAIN,
        )
    else:
        yield Diagnostic("Files are not formatted", "lint", ((number, number),), text, confidence=SYMPTOM)


DETECTOR = Detector(
    "formatter",
    (
        r"ould reformat",
        r"Imports are incorrectly sorted",
        r"\[.{0,6}warn.{0,6}\] ",
        r"\[.{0,6}error.{0,6}\] .{1,200}Error: ",
        r"error: cannot (?:format|parse)",
        r"would (?:be reformatted|fail to reformat)",
        r":[0-9]{1,6}: [A-Za-z'-]{2,40} ==> ",
    ),
    find,
)
