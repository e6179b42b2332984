"""Perl: compile errors, die, prove and Test::More, Perl::Critic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, Detector, Diagnostic
from ci_analysis.engine.lines import Log

AT = r" at (?P<file>\S+\.(?:pl|pm|t|cgi|PL)) line (?P<line>\d{1,7})"
MISSING = re.compile(r"^(?P<message>Can't locate (?P<path>\S+\.pm) in @INC)")
COMPILE = re.compile(
    rf"^(?P<message>(?:Global symbol|syntax error|Bareword|Can't find string terminator"
    rf"|Missing right curly|Unmatched right|Can't redeclare|Type of arg|Number found where"
    rf"|Not enough arguments|Too many arguments).*?){AT}"
)
DIED = re.compile(rf"^(?P<message>\S.*?){AT}(?:, <\S+> (?:line|chunk) \d+)?\.$")
ABORTED = re.compile(
    r"^(?:BEGIN failed--)?compilation aborted|^Execution of \S+ aborted due to compilation errors"
    r"|^\S+ had compilation errors"
)
FAILED = re.compile(r"^(?P<file>\S+\.t)\s+\(Wstat: ")
TEST = re.compile(r"^\s*#\s+Failed test (?:'(?P<name>.*)'|\d+)?")
TEST_PLACE = re.compile(r"^\s*#\s+(?:Failed test .* )?at (?P<file>\S+\.t) line (?P<line>\d{1,7})\.")
GOT = re.compile(r"^\s*#\s+(?:got|expected):|^\s*#\s+'")
CRITIC = re.compile(
    r"^(?:(?P<file>\S+\.p[lm]): )?(?P<message>[A-Z].+) at line (?P<line>\d{1,7}), column "
    r"(?P<column>\d{1,7})\.\s+.+?\s+\(Severity: \d\)$"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if missing := MISSING.match(text):
            yield missing_module(log, number, missing)
        elif error := COMPILE.match(text):
            yield diagnostic("compile", error["message"], number, error, f"Check it: perl -c {error['file']}", CERTAIN)
        elif (died := DIED.match(text)) and not ABORTED.match(text) and not text.startswith("#"):
            yield diagnostic(
                "runtime", died["message"], number, died, f"Look at {died['file']} line {died['line']}.", GENERIC
            )


def diagnostic(
    kind: Category, message: str, number: int, place: re.Match[str] | None, advice: str, confidence: float
) -> Diagnostic:
    return Diagnostic(
        title=f"Perl: {message}"[:120],
        category=kind,
        lines=((number, number),),
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        suggestion=advice,
        confidence=confidence,
    )


def missing_module(log: Log, number: int, missing: re.Match[str]) -> Diagnostic:
    module = missing["path"].removesuffix(".pm").replace("/", "::")
    place = next(
        (found for found in map(re.compile(AT).search, (log.text(number), log.text(number + 1))) if found), None
    )
    return diagnostic(
        "dependency",
        missing["message"],
        number,
        place,
        f"Add {module} to cpanfile and install it: cpanm {module}",
        CERTAIN,
    )


def find_tests(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    places: dict[str, int] = {}
    for number in hits:
        text = log.text(number)
        if place := TEST_PLACE.match(text):
            places.setdefault(place["file"], number)
        elif failed := FAILED.match(text):
            yield failed_file(log, number, failed["file"], places.get(failed["file"]))


def failed_file(log: Log, number: int, file: str, at: int | None) -> Diagnostic:
    lines, name, place = [(number, number)], "", None
    if at:
        place = TEST_PLACE.match(log.text(at))
        first = at if TEST.match(log.text(at)) else at - 1
        name = (TEST.match(log.text(first)) or {"name": ""})["name"] or log.text(first).strip(" #")
        lines.insert(0, (max(1, first), log.run(at, GOT, 6)))
    else:
        died = log.find(re.compile(rf"^(?!#).+ at {re.escape(file)} line (?P<line>\d{{1,7}})"), number, number - 2000)
        if died:
            name = log.text(died)
            place = re.search(r" at (?P<file>\S+) line (?P<line>\d{1,7})", name)
            lines.insert(0, (died, died))
    return Diagnostic(
        title=f"{file}: {name}"[:120] if name else f"{file} failed",
        category="test",
        lines=tuple(lines),
        message=name or log.text(number).strip(),
        file=file,
        line=int(place["line"]) if place else None,
        failed_tests=(file,),
        suggestion=f"Run it alone: prove -lv {file}",
        confidence=CERTAIN,
    )


def find_critic(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        issue = CRITIC.match(log.text(number))
        if issue:
            yield Diagnostic(
                title=f"perlcritic: {issue['message']}",
                category="lint",
                lines=((number, number),),
                message=issue["message"],
                file=issue["file"],
                line=int(issue["line"]),
                column=int(issue["column"]),
                suggestion="Run it here: perlcritic --verbose 8 <file>",
                confidence=CERTAIN,
            )


DETECTORS = (
    Detector("perl", (r"Can't locate \S{1,200}\.pm in @INC", r" at \S{1,300}\.(?:pl|pm|t|cgi|PL) line [0-9]"), find),
    Detector("prove", (r"\.t +\(Wstat: ", r"# .{0,300} at \S{1,200}\.t line [0-9]"), find_tests),
    Detector("perlcritic", (r"\(Severity: [1-5]\)",), find_critic),
)
