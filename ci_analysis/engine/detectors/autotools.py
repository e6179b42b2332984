"""configure, Autoconf, Automake, pkg-config, and the generators Bison and Flex."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CONFIGURE = re.compile(r"^(?:\S*configure|\S+/config\.sub): error: (?P<message>.+)$")
MISSING = re.compile(
    r"not found|required|missing|could not find|cannot find|can't find|need|not available|too old|install", re.I
)
MACRO = re.compile(
    r"^(?P<file>\S*configure\.(?:ac|in)|\S+\.am|\S+\.m4):(?P<line>\d{1,7}): (?:error: )?(?P<message>.+)$"
)
MACRO_BAD = re.compile(
    r"undefined macro|required file .+ not found|error:|does not appear|not in AM_CONDITIONAL|AC_INIT"
)
CONSEQUENCE = re.compile(r"^auto(?:reconf|conf|make)\S*: (?:error: )?.+ failed with exit status: \d+")
PACKAGE = re.compile(
    r"^(?P<message>(?:Package (?P<package>\S+) was not found in the pkg-config search path"
    r"|No package '(?P<no>[^']+)' found|Requested '(?P<wanted>[^']+)' but version of .+))"
)
GRAMMAR = re.compile(
    r"^(?P<file>\S+\.(?:y|yy|ypp|l|ll|vala|vapi|gs)):(?P<line>\d{1,7})[.:]"
    r"(?P<column>\d{1,7})(?:-[\d.]+)?: (?:fatal )?error: (?P<message>.+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if configure := CONFIGURE.match(text):
            yield configure_error(log, number, configure["message"])
        elif CONSEQUENCE.match(text):
            yield Diagnostic("Autotools failed", "configuration", ((number, number),), text, confidence=SYMPTOM)
        elif package := PACKAGE.match(text):
            yield missing_package(number, package)
        elif grammar := GRAMMAR.match(text):
            yield placed(number, "compile", grammar, int(grammar["column"]))
        elif (macro := MACRO.match(text)) and MACRO_BAD.search(text):
            yield placed(number, "configuration", macro, None)


def configure_error(log: Log, number: int, message: str) -> Diagnostic:
    missing = MISSING.search(message)
    checked = log.text(number - 1).startswith("checking ") and log.text(number - 1).endswith("no")
    return Diagnostic(
        title=f"configure: {message}"[:120],
        category="dependency" if missing else "configuration",
        lines=((number - 1 if checked else number, number),),
        message=message,
        suggestion="Install its development package in an earlier step (or point CPPFLAGS and LDFLAGS at it)."
        if missing
        else "The failed check stands in config.log: keep it as an artifact, or print it when configure fails.",
        confidence=CERTAIN,
    )


def missing_package(number: int, package: re.Match[str]) -> Diagnostic:
    name = package["package"] or package["no"] or package["wanted"]
    return Diagnostic(
        title=f"pkg-config: {name} was not found",
        category="dependency",
        lines=((number, number),),
        message=package["message"],
        suggestion=(
            f"Install the development package that has {name.split()[0]}.pc, or add its folder to PKG_CONFIG_PATH."
        ),
        confidence=CERTAIN,
    )


def placed(number: int, kind: str, found: re.Match[str], column: int | None) -> Diagnostic:
    return Diagnostic(
        title=found["message"][:120],
        category="compile" if kind == "compile" else "configuration",
        lines=((number, number),),
        message=found["message"],
        file=found["file"],
        line=int(found["line"]),
        column=column,
        suggestion=f"Look at {found['file']} line {found['line']}."
        if kind == "compile"
        else (
            "Install the package that has the macro (often autoconf-archive, libtool or pkg-config), or "
            "correct its name."
        ),
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "autotools",
    (
        r"configure: error: ",
        r"config\.sub: error: ",
        r"auto(?:reconf|conf|make)\S{0,20}: .{1,200} failed with exit status",
        r"was not found in the pkg-config search path",
        r"No package '",
        r"Requested '.{1,100}' but version",
        r"configure\.(?:ac|in):[0-9]+: ",
        r"\.(?:am|m4):[0-9]+: ",
        r"\.(?:y|yy|ypp|l|ll|vala|vapi|gs):[0-9]+[.:][0-9]+(?:-[0-9.]+)?: (?:fatal )?error: ",
    ),
    find,
)
