"""Elixir and Erlang: Mix, ExUnit, Credo, Dialyzer; rebar3 and EUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

CASE = re.compile(r"^\s+\d+\) (?P<test>(?:test|property|doctest) .+ \([A-Z][\w.]*\))$")
CASE_PLACE = re.compile(r"^\s+(?P<file>\S+\.exs?):(?P<line>\d{1,7})$")
STACK = re.compile(r"^\s+(?P<file>test/\S+\.exs):(?P<line>\d{1,7}): ")
SUMMARY = re.compile(r"^\d+ (?:tests?|doctests?|propert)")
COMPILE_FILE = re.compile(r"^== Compilation error in file (?P<file>\S+) ==$")
RAISED = re.compile(
    r"^\*\* \((?P<error>[\w.]+)\) (?:(?P<file>\S+\.(?:exs?|eex|heex|erl)):(?P<line>\d{1,7})(?::"
    r"(?P<column>\d{1,7}))?: )?(?P<message>.+)$"
)
ERROR = re.compile(r"^\s*error: (?P<message>.+)$")
PLACE = re.compile(
    r"^\s*(?:└─ |)(?P<file>[\w/.-]+\.(?:exs?|heex|eex)):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?(?::|$)"
)
WARNING = re.compile(r"^\s*warning: (?P<message>.+)$")
AS_ERRORS = re.compile(r"^(?:Compilation failed due to warnings while using|ERROR! Compilation failed due to warnings)")
FORMAT = re.compile(r"^\*\* \(Mix\) mix format failed due to --check-formatted")
UNFORMATTED = re.compile(r"^\s+\* (?P<file>\S+\.(?:exs?|heex))$")
DEPS = re.compile(
    r"^\*\* \(Mix\) (?P<message>(?:Can't continue due to errors on dependencies"
    r"|Hex dependency resolution failed|.*(?:mix deps\.get|lock is outdated|lock mismatch)).*)"
)
DEP = re.compile(r"^\* (?P<name>\w+) ")
MIX = re.compile(r"^\*\* \(Mix\) (?P<message>.+)")
EUNIT = re.compile(r"^\s+\d+\) (?P<test>\w+:\w+/\d+(?::\d+)?)(?::.*)?$")
ERLANG = re.compile(
    r"^(?:┌─ )?(?P<file>\S+\.[eh]rl):(?P<line>\d{1,7}):(?:(?P<column>\d{1,7}):)? (?P<message>(?!Warning:).+)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if case := CASE.match(text):
            yield test_failure(log, number, case["test"])
        elif named := COMPILE_FILE.match(text):
            yield compilation(log, number, named["file"])
        elif FORMAT.match(text):
            yield from unformatted(log, number)
        elif AS_ERRORS.match(text):
            yield from warnings(log, number)
        elif dependencies := DEPS.match(text):
            yield dependency(log, number, dependencies["message"])
        elif (mix := MIX.match(text)) and not log.text(number - 1).startswith("error"):
            yield Diagnostic(
                f"mix: {mix['message']}"[:120],
                "configuration",
                ((number, number),),
                mix["message"],
                confidence=CERTAIN if "could not be found" in text else SYMPTOM,
            )


def test_failure(log: Log, number: int, test: str) -> Diagnostic:
    end = next(
        (
            n
            for n in range(number + 1, min(log.last, number + 80) + 1)
            if CASE.match(log.text(n)) or SUMMARY.match(log.text(n))
        ),
        min(log.last, number + 80),
    )
    stack_at = log.find(STACK, number + 1, end)
    place = STACK.match(log.text(stack_at)) if stack_at else CASE_PLACE.match(log.text(number + 1))
    return Diagnostic(
        title=f"{test} failed"[:120],
        category="test",
        lines=((number, min(number + 5, end)),),
        message=log.text(number + 2).strip(),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=(test,),
        suggestion=f"Run it alone: mix test {log.text(number + 1).strip()}",
        confidence=CERTAIN,
    )


def compilation(log: Log, number: int, file: str) -> Diagnostic:
    raised = RAISED.match(log.text(number + 1))
    message = raised["message"] if raised else log.text(number + 1)
    place: re.Match[str] | None = raised if raised and raised["file"] else None
    first = number
    if not place or "errors have been logged" in message:
        error_at = log.find(ERROR, number, number - 60)
        place_at = log.find(PLACE, error_at, error_at + 12) if error_at else None
        if error_at and place_at:
            found = ERROR.match(log.text(error_at))
            message, place, first = found["message"] if found else message, PLACE.match(log.text(place_at)), error_at
    return Diagnostic(
        title=f"Compile error in {file}",
        category="compile",
        lines=((first, first), (number, min(number + 1, log.last)))
        if first != number
        else ((number, min(number + 1, log.last)),),
        message=message,
        file=place["file"] if place else file,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place and place["column"] else None,
        suggestion="Run it here: mix compile",
        confidence=CERTAIN,
    )


def unformatted(log: Log, number: int) -> Iterator[Diagnostic]:
    for at in range(number + 1, min(log.last, number + 200) + 1):
        name = UNFORMATTED.match(log.text(at))
        if name:
            yield Diagnostic(
                f"{name['file']} is not formatted",
                "lint",
                ((number, number), (at, at)),
                log.text(number),
                name["file"],
                suggestion="Format and commit: mix format",
                confidence=CERTAIN,
            )


def warnings(log: Log, number: int) -> Iterator[Diagnostic]:
    """The warnings above are the errors; the place stands a few lines below each."""
    for at in range(max(1, number - 200), number):
        warning = WARNING.match(log.text(at))
        place_at = log.find(PLACE, at + 1, at + 10) if warning else None
        place = PLACE.match(log.text(place_at)) if place_at else None
        if warning and place and place_at:
            yield Diagnostic(
                warning["message"][:120],
                "compile",
                ((at, place_at), (number, number)),
                warning["message"],
                place["file"],
                int(place["line"]),
                suggestion="Run it here: mix compile --force --warnings-as-errors",
                confidence=CERTAIN,
            )


def dependency(log: Log, number: int, message: str) -> Diagnostic:
    at = log.find(DEP, number, number - 20)
    found = DEP.match(log.text(at)) if at else None
    name = found["name"] if found else ""
    lines = ((at, min(at + 1, number)), (number, number)) if at else ((number, number),)
    return Diagnostic(
        f"mix: dependency {name}: {log.text(at + 1).strip() if at else message}"[:120],
        "dependency",
        lines,
        message,
        suggestion="Fetch them in an earlier step and commit mix.lock: mix deps.get",
        confidence=CERTAIN,
    )


def find_erlang(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if case := EUNIT.match(text):
            end = log.run(number, re.compile(r"^\s+\S"), 5)
            yield Diagnostic(
                f"{case['test']} failed",
                "test",
                ((number, end),),
                " ".join(log.text(n).strip() for n in range(number + 1, min(end, number + 3) + 1)),
                failed_tests=(case["test"],),
                suggestion=f"Run its module alone: rebar3 eunit --module={case['test'].split(':')[0]}",
                confidence=CERTAIN,
            )
        elif error := ERLANG.match(text):
            yield erlang_error(number, error)


def erlang_error(number: int, error: re.Match[str]) -> Diagnostic:
    kind: Category = "compile"
    return Diagnostic(
        f"Compile error: {error['message']}"[:120],
        kind,
        ((number, number),),
        error["message"],
        error["file"],
        int(error["line"]),
        int(error["column"]) if error["column"] else None,
        suggestion="Run it here: rebar3 compile",
        confidence=CERTAIN,
    )


DETECTORS = (
    Detector(
        "mix",
        (
            r"[0-9]\) (?:test|property|doctest) .{1,400}\)\s*$",
            r"[0-9]\) (?:test|property|doctest) ",
            r"== Compilation error in file",
            r"\*\* \(Mix\) ",
            r"Compilation failed due to warnings",
        ),
        find,
    ),
    Detector("rebar3", (r"[0-9]\) \w{1,100}:\w{1,100}/[0-9]", r"\.[eh]rl:[0-9]+:(?:[0-9]+:)? "), find_erlang),
)
