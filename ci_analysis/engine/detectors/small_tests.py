"""Test runners of smaller languages: hspec, OUnit, Crystal's spec, Nim's unittest, clojure.test, RackUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

HSPEC = re.compile(r"^\s+(?P<file>\S+\.l?hs):(?P<line>\d{1,7}):(?:\d{1,7}):\s*$")
HSPEC_NAME = re.compile(r"^\s+\d+\) (?P<test>.+)$")
OUNIT = re.compile(r"^Error: (?P<test>[^\s:]+:\d+(?!.*\(in the log\)).*?)\.$")
OUNIT_RULE = re.compile(r"^-{60,}$")
CRYSTAL = re.compile(r"^crystal spec (?P<test>(?P<file>\S+\.cr):\d+) # (?P<name>.+)$")
CRYSTAL_PLACE = re.compile(r"^\s+# (?P<file>\S+\.cr):(?P<line>\d{1,7})$")
NIM = re.compile(r"^\s*\[FAILED\] (?P<test>.+)$")
NIM_PLACE = re.compile(r"^\s+(?P<file>\S+\.nim)\((?P<line>\d{1,7}), (?:\d{1,7})\): (?P<message>.+)$")
CLOJURE = re.compile(r"^(?:FAIL|ERROR) in \((?P<test>[^)]+)\) \((?P<file>[^\s:)]+):(?P<line>-?\d{1,7})\)$")
ALCOTEST = re.compile(r"^>?\s*\[FAIL\]\s+(?P<suite>\S.*?)\s+(?P<index>\d+)\s+(?P<name>\S.*?)\.?$")
JULIA = re.compile(r"^(?:(?P<set>\S.*?): )?(?:Test Failed|Error During Test) at (?P<file>\S+\.jl):(?P<line>\d{1,7})$")
RACKET = re.compile(r"^location:\s+(?P<file>\S+?):(?P<line>\d{1,7}):(?:\d{1,7})$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if hspec := HSPEC.match(text):
            yield from hspec_failure(log, number, hspec)
        elif (ounit := OUNIT.match(text)) and log.text(number - 1).startswith("====="):
            yield ounit_failure(log, number, ounit["test"])
        elif crystal := CRYSTAL.match(text):
            yield crystal_failure(log, number, crystal)
        elif nim := NIM.match(text):
            yield from nim_failure(log, number, nim["test"])
        elif clojure := CLOJURE.match(text):
            end = log.run(number, re.compile(r"^\s*(?:expected|actual|message)?:? ?\S"), 3)
            message = joined(log, number + 1, end)
            yield failed(
                clojure["test"], number, end, message, clojure, f"Run it alone: clojure -M:test -v {clojure['test']}"
            )
        elif alcotest := ALCOTEST.match(text):
            name = f"{alcotest['suite']} {alcotest['name']}"
            yield failed(
                name,
                number,
                number,
                text.strip(" >"),
                None,
                f"Run it alone: <test program> test '{alcotest['suite']}' {alcotest['index']}",
            )
        elif julia := JULIA.match(text):
            end = log.run(number, re.compile(r"^\s+(?:Expression|Evaluated|Expected|Thrown|No exception|Got)"), 3)
            name = julia["set"] or f"{julia['file']}:{julia['line']}"
            yield failed(
                name,
                number,
                end,
                joined(log, number + 1, end),
                julia,
                "Run the tests here: julia --project -e 'using Pkg; Pkg.test()'",
            )
        elif RACKET.match(text) and log.text(number - 2).startswith(("FAILURE", "ERROR")):
            yield racket_failure(log, number)


def joined(log: Log, first: int, last: int) -> str:
    return " ".join(log.text(n).strip() for n in range(first, last + 1) if log.text(n).strip())


def failed(test: str, first: int, last: int, message: str, place: re.Match[str] | None, advice: str) -> Diagnostic:
    line = int(place["line"]) if place else 0
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((first, last),),
        message=message,
        file=place["file"] if place else None,
        line=line if line > 0 else None,
        failed_tests=(test,),
        suggestion=advice,
        confidence=CERTAIN,
    )


def hspec_failure(log: Log, number: int, place: re.Match[str]) -> Iterator[Diagnostic]:
    name = HSPEC_NAME.match(log.text(number + 1))
    if name:
        end = log.run(number + 1, re.compile(r"^\s{7,}\S"), 6)
        advice = f"Run it alone: cabal test --test-options='--match \"{name['test']}\"'"
        yield failed(name["test"], number, end, joined(log, number + 2, end), place, advice)


def ounit_failure(log: Log, number: int, test: str) -> Diagnostic:
    """What was expected stands last before the rule that ends the report."""
    rule = log.find(OUNIT_RULE, number + 1, number + 60) or number + 1
    said = next((n for n in range(rule - 1, number, -1) if log.text(n).strip()), number)
    return failed(test, number, said, log.text(said).strip(), None, f"Run it alone: <test program> -only-test {test}")


def crystal_failure(log: Log, number: int, found: re.Match[str]) -> Diagnostic:
    head_pattern = re.compile(rf"^\s+\d+\) {re.escape(found['name'])}$")
    head = log.find(head_pattern, number, number - 400)
    place_at = log.find(CRYSTAL_PLACE, head, head + 30) if head else None
    place = CRYSTAL_PLACE.match(log.text(place_at)) if place_at else None
    message = joined(log, head + 2, place_at - 1) if head and place_at else found["name"]
    lines = ((head, place_at), (number, number)) if head and place_at else ((number, number),)
    return Diagnostic(
        title=f"{found['name']} failed"[:120],
        category="test",
        lines=lines,
        message=message,
        file=place["file"] if place else found["file"],
        line=int(place["line"]) if place else None,
        failed_tests=(found["test"],),
        suggestion=f"Run it alone: crystal spec {found['test']}",
        confidence=CERTAIN,
    )


def nim_failure(log: Log, number: int, test: str) -> Iterator[Diagnostic]:
    """Others write `[FAILED]` too; Nim puts the failed checks with their places above."""
    at = log.find(NIM_PLACE, number - 1, number - 12)
    place = NIM_PLACE.match(log.text(at)) if at else None
    if at and place:
        yield failed(test, at, number, place["message"], place, f"Run it alone: <test program> '{test}'")


def racket_failure(log: Log, number: int) -> Diagnostic:
    place = RACKET.match(log.text(number))
    end = log.run(number, re.compile(r"^\w+:"), 6)
    message = joined(log, number + 1, end)
    return Diagnostic(
        title=f"A check in {place['file'] if place else 'a test'} failed",
        category="test",
        lines=((number - 2, end),),
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        suggestion=f"Run it here: raco test {place['file']}" if place else "",
        confidence=CERTAIN,
    )


DETECTOR = Detector(
    "tests",
    (
        r"  \S{1,200}\.l?hs:[0-9]+:[0-9]+:\s*$",
        r"Error: [^\s:]{1,100}:[0-9]+:.{0,200}\.\s*$",
        r"crystal spec \S{1,200}\.cr:",
        r"\[FAILED\] ",
        r"(?:FAIL|ERROR) in \(",
        r"\[FAIL\] +\S.{0,100} [0-9]+ ",
        r"(?:Test Failed|Error During Test) at \S",
        r"location: ",
    ),
    find,
)
