"""Compilers that put the place and the message on different lines: gfortran, GHC, OCaml, Crystal and others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

GFORTRAN = re.compile(r"^(?P<file>\S+\.(?:f|for|f\d\d|F|F\d\d)):(?P<line>\d{1,7}):(?P<column>\d{1,7}):$")
GFORTRAN_ERROR = re.compile(r"^(?:Fatal )?Error: (?P<message>.+)")
GHC = re.compile(
    r"^(?P<file>\S+\.l?hs):(?P<line>\d{1,7}):"
    r"(?P<column>\d{1,7})(?:-\d+)?: error:(?: \[GHC-\d+\])?(?: \[.+\])?(?P<message>.*)$"
)
OCAML = re.compile(
    r'^File "(?P<file>[^"]+\.ml[iyl]?)", lines? (?P<line>\d{1,7})(?:-\d+)?, characters ' r"(?P<column>\d{1,7})-\d+:"
)
OCAML_ERROR = re.compile(r"^Error(?: \(.+?\))?: (?P<message>.+)")
CRYSTAL = re.compile(r"^In (?P<file>\S+\.cr):(?P<line>\d{1,7}):(?P<column>\d{1,7})$")
NIM = re.compile(r"^(?P<file>\S+\.nims?)\((?P<line>\d{1,7}), (?P<column>\d{1,7})\) Error: (?P<message>.+)")
FPC = re.compile(
    r"^(?P<file>\S+\.(?:pas|pp|lpr|inc))\((?P<line>\d{1,7}),(?P<column>\d{1,7})\) (?:Error|Fatal): (?P<message>.+)$"
)
LUA = re.compile(r"^lua(?:\d\.\d|jit)?: (?P<file>[^\s:]+):(?P<line>\d{1,7}): (?P<message>.+)")
JULIA = re.compile(r"^ERROR: (?:LoadError: )?(?P<message>(?:[A-Z]\w*(?:Error|Exception)|syntax).*)")
JULIA_PLACE = re.compile(r"^(?:in expression starting at|\s+@ \w* ?)\s*(?P<file>[^\s:]+\.jl):(?P<line>\d{1,7})")
GNAT = re.compile(r"^(?P<file>\S+\.ad[bs]):(?P<line>\d{1,7}):(?P<column>\d{1,7}): error: (?P<message>.+)")
BUSTED = re.compile(r"^(?:Failure|Error) → (?P<place>\S+ @ \d+)$")
BUSTED_PLACE = re.compile(r"^(?P<file>[^\s:]+\.lua):(?P<line>\d{1,7}): (?P<message>.+)")
BELOW = 15  # lines between place and message


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if place := GFORTRAN.match(text):
            yield from two_part(log, number, place, GFORTRAN_ERROR, f"gfortran -c {place['file']}")
        elif place := OCAML.match(text):
            yield from two_part(log, number, place, OCAML_ERROR, "dune build")
        elif place := CRYSTAL.match(text):
            yield from two_part(log, number, place, OCAML_ERROR, f"crystal build {place['file']}")
        elif place := GHC.match(text):
            yield ghc(log, number, place)
        elif place := NIM.match(text):
            yield diagnostic(number, number, place, place["message"], "compile", f"nim check {place['file']}")
        elif place := FPC.match(text):
            yield diagnostic(number, number, place, place["message"], "compile", f"fpc {place['file']}")
        elif place := GNAT.match(text):
            yield diagnostic(number, number, place, place["message"], "compile", f"gnatmake -c {place['file']}")
        elif place := LUA.match(text):
            yield diagnostic(
                number,
                number,
                place,
                place["message"],
                "compile" if "expected near" in text else "runtime",
                f"lua {place['file']}",
            )
        elif error := JULIA.match(text):
            yield julia(log, number, error["message"])
        elif busted := BUSTED.match(text):
            yield busted_test(log, number, busted["place"])


def two_part(
    log: Log, number: int, place: re.Match[str], pattern: re.Pattern[str], command: str
) -> Iterator[Diagnostic]:
    at = log.find(pattern, number + 1, number + BELOW)
    error = pattern.match(log.text(at)) if at else None
    if at and error:
        yield diagnostic(number, at, place, error["message"], "compile", command)


def ghc(log: Log, number: int, place: re.Match[str]) -> Diagnostic:
    message = place["message"].strip() or log.text(number + 1).strip(" •")
    kind: Category = (
        "dependency" if "Could not find module" in message or "Could not load module" in message else "compile"
    )
    return diagnostic(
        number,
        number if place["message"].strip() else min(number + 1, log.last),
        place,
        message,
        kind,
        "cabal build, or stack build",
    )


def julia(log: Log, number: int, message: str) -> Diagnostic:
    at = log.find(JULIA_PLACE, number + 1, number + 40)
    place = JULIA_PLACE.match(log.text(at)) if at else None
    missing = "not found in current path" in message or "does not have" in message
    return Diagnostic(
        f"Julia: {message}"[:120],
        "dependency" if missing else "runtime",
        ((number, number),),
        message,
        place["file"] if place else None,
        int(place["line"]) if place else None,
        suggestion="Bring the environment in line: julia --project -e 'using Pkg; Pkg.instantiate()'"
        if missing
        else "",
        confidence=CERTAIN,
    )


def busted_test(log: Log, number: int, spec: str) -> Diagnostic:
    name = log.text(number + 1).strip()
    at = log.find(BUSTED_PLACE, number + 1, number + 6)
    place = BUSTED_PLACE.match(log.text(at)) if at else None
    return Diagnostic(
        f"{name} failed"[:120],
        "test",
        ((number, min(at or number + 1, log.last)),),
        place["message"] if place else spec,
        place["file"] if place else None,
        int(place["line"]) if place else None,
        failed_tests=(name,),
        suggestion=f"Run it alone: busted --filter='{name}'",
        confidence=CERTAIN,
    )


def diagnostic(first: int, last: int, place: re.Match[str], message: str, kind: Category, command: str) -> Diagnostic:
    column = place.groupdict().get("column")
    return Diagnostic(
        title=f"{'Compile error' if kind == 'compile' else 'Error'}: {message}"[:120],
        category=kind,
        lines=((first, first), (last, last)) if last > first + 1 else ((first, last),),
        message=message,
        file=place["file"],
        line=int(place["line"]),
        column=int(column) if column else None,
        suggestion=f"Run it here: {command}",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "compiler",
    (
        r"\.(?:f|for|f[0-9]{2}|F|F[0-9]{2}):[0-9]+:[0-9]+:",
        r"\.l?hs:[0-9]+:[0-9]+(?:-[0-9]+)?: error:",
        r'File ".{1,300}\.ml[iyl]?", line',
        r"In \S{1,300}\.cr:[0-9]+:[0-9]+",
        r"\.nims?\([0-9]+, [0-9]+\) Error: ",
        r"\.(?:pas|pp|lpr|inc)\([0-9]+,[0-9]+\) (?:Error|Fatal): ",
        r"\.ad[bs]:[0-9]+:[0-9]+: error: ",
        r"lua(?:[0-9]\.[0-9]|jit)?: \S{1,300}:[0-9]+: ",
        r"ERROR: (?:LoadError: )?(?:[A-Z]\w{0,60}(?:Error|Exception)|syntax)",
        r"(?:Failure|Error) \xe2\x86\x92 ",
    ),
    find,
)
