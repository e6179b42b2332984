""".NET: MSBuild and its compilers, NuGet, dotnet test (xUnit, NUnit, MSTest), dotnet format.

There are no samples of these: the SDK can't be had where the others were made.
The forms are those of Microsoft's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

MSBUILD = re.compile(
    r"^\s*(?:\d+>)?(?:(?P<file>[^\s(][^(:]*?(?:\(\w+\))?)(?:\((?P<line>\d{1,7})(?:,"
    r"(?P<column>\d{1,7})(?:,\d+,\d+)?)?\))?|MSBUILD|CSC|EXEC|[\w.]+) ?: (?:fatal )?error "
    r"(?P<code>(?!TS\d)[A-Z]{2,}\d{3,5}): (?P<message>.+?)(?: \[(?P<project>[^\]]+proj[^\]]*)\])?$"
)
NETWORK = re.compile(
    r"NU1301|NU1302|Unable to load the service index|No such host|timed out"
    r"|Response status code does not indicate success: (?:5\d\d|429)"
)
FORBIDDEN = re.compile(r"\b40[13] \(")
STYLE = re.compile(r"^(?:IDE|SA|CA|RCS|WHITESPACE|FINALNEWLINE|IMPORTS)\w*")
FAILED = re.compile(r"^\s+(?:Failed|X) (?P<test>\S.*?) \[(?:< )?\d[\d ,.:]*(?:m?s|m|h|min)(?: \d+ m?s)?\]$")
XUNIT = re.compile(r"^\[xUnit\.net [\d:.]+\]\s+(?P<test>\S.*?) \[FAIL\]$")
MESSAGE = re.compile(r"^\s+Error Message:$")
FRAME = re.compile(r"^\s+at .+ in (?P<file>.+?):line (?P<line>\d{1,7})$")
SUMMARY = re.compile(r"^(?:Failed! +- Failed:|Test Run Failed\.|Total tests: |Build FAILED\.)")
SDK = re.compile(
    r"^(?P<message>A compatible (?:\.NET SDK|installed \.NET(?: Core)? SDK) .*(?:was not found"
    r"|could not be found).*|The command could not be loaded, possibly because:"
    r"|MSBUILD : error MSB1003: .+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    seen: set[tuple[str | None, str | None, str]] = set()
    for number in hits:
        text = log.text(number)
        if error := MSBUILD.match(text):
            key = (error["file"], error["line"], error["message"])
            if key not in seen:  # MSBuild repeats every error in its summary
                seen.add(key)
                yield build_error(number, error)
        elif sdk := SDK.match(text):
            yield Diagnostic(
                f".NET: {sdk['message']}"[:120],
                "configuration",
                ((number, number),),
                sdk["message"],
                suggestion="Install the version that global.json names: actions/setup-dotnet with global-json-file.",
                confidence=CERTAIN,
            )


def build_error(number: int, error: re.Match[str]) -> Diagnostic:
    code, message = error["code"], error["message"]
    return Diagnostic(
        title=f"{code}: {message}"[:120],
        category=kind_of(code, message),
        lines=((number, number),),
        message=f"{code}: {message}",
        file=error["file"],
        line=int(error["line"]) if error["line"] else None,
        column=int(error["column"]) if error["column"] else None,
        suggestion=advice(code, error["project"] or ""),
        confidence=CERTAIN,
    )


def kind_of(code: str, message: str) -> Category:
    if FORBIDDEN.search(message):
        return "permission"
    if NETWORK.search(f"{code} {message}"):
        return "network"
    if code.startswith(("NU", "NETSDK1004")):
        return "dependency"
    if code.startswith(("NETSDK", "MSB1", "MSB4")):
        return "configuration"
    return "lint" if STYLE.match(code) else "compile"


def advice(code: str, project: str) -> str:
    name = re.split(r"[\\/]", project)[-1]
    if code.startswith("NU"):
        return f"See what is asked for: dotnet restore {name} && dotnet list {name} package --outdated".replace(
            "  ", " "
        )
    if STYLE.match(code):
        return "Correct it: dotnet format --severity error"
    return f"Build it here: dotnet build {name}".rstrip()


def find_tests(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    numbers: dict[str, int] = {}
    for number in hits:
        text = log.text(number)
        if failed := FAILED.match(text):
            numbers[failed["test"]] = number
        elif xunit := XUNIT.match(text):
            numbers.setdefault(xunit["test"], number)
        elif SUMMARY.match(text):
            yield Diagnostic(
                "dotnet reports failures",
                "test" if "est" in text else "compile",
                ((number, number),),
                text,
                confidence=SYMPTOM,
            )
    for test, number in numbers.items():
        yield failed_test(log, number, test)


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    end = min(log.last, number + 40)
    told = log.find(MESSAGE, number + 1, min(end, number + 4))
    place_at = log.find(FRAME, number + 1, end)
    place = FRAME.match(log.text(place_at)) if place_at else None
    first = (told + 1) if told else number + 1
    last = log.run(first, re.compile(r"^(?!\s+Stack Trace:)\s+\S"), 4) if told else first
    name = test.split("(")[0]
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((number, min(last, log.last)),),
        message=" ".join(log.text(n).strip() for n in range(first, last + 1)),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: dotnet test --filter 'FullyQualifiedName~{name}'",
        confidence=CERTAIN,
    )


DETECTORS = (
    Detector(
        "dotnet",
        (r"error [A-Z]{2,}[0-9]{3,5}: ", r"compatible (?:installed )?\.NET", r"command could not be loaded, possibly"),
        find,
    ),
    Detector(
        "dotnet test",
        (
            r"(?:Failed|X) .{1,400} \[(?:< )?[0-9][0-9 ,.:]{0,12}m?[sh]",
            r"\[xUnit\.net .{1,400} \[FAIL\]",
            r"Failed! +- Failed:",
            r"Test Run Failed\.",
            r"Build FAILED\.",
        ),
        find_tests,
    ),
)
