"""R: Rscript errors, testthat, lintr, R CMD check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log

ERROR = re.compile(r"^Error(?: in (?P<call>.+?))? ?: (?P<message>.+)$|^Error in .+? ?: *$")
MISSING = re.compile(
    r"there is no package called [‘'](?P<package>[\w.]+)[’']|package [‘']"
    r"(?P<other>[\w.]+)[’'] is not available|dependenc(?:y|ies) [‘'](?P<needed>[^’']+)[’'] (?:is"
    r"|are) not available"
)
SYNTAX = re.compile(
    r"unexpected (?:symbol|'|end of input|input|string|numeric|assignment|invalid token)|invalid multibyte"
)
TESTS_FAILED = re.compile(r"^(?:! )?Test failures\b")
CASE = re.compile(
    r"^(?:── |-- )?(?:Failure|Error) \('?(?P<place>(?P<file>[^:')]+\.[rR]):"
    r"(?P<line>\d{1,7})(?::\d+)*)'?\): (?P<test>.+?)(?: ?─+| ?-{3,})?$"
)
CHECK = re.compile(r"^\* checking (?P<what>.+?) \.\.\. (?:\[.*\] )?ERROR$|^(?P<status>Status: \d+ ERRORs?.*)")
RAN = re.compile(r"^Running (?:the tests|examples) in [‘'](?P<file>[^’']+)[’'] failed")
LINT = re.compile(
    r"^(?P<file>\S+\.[rR](?:md)?):(?P<line>\d{1,7}):(?P<column>\d{1,7}): (?:style|warning"
    r"|error): (?:\[\w+\] )?(?P<message>.+)"
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if case := CASE.match(text):
            yield failed_test(log, number, case)
        elif error := ERROR.match(text):
            if is_fatal(log, number):
                yield from r_error(log, number, error)
        elif ran := RAN.match(text):
            yield checked(log, number, ran["file"])
        elif check := CHECK.match(text):
            yield Diagnostic(
                "R CMD check found errors",
                "test",
                ((number, number),),
                check["what"] or check["status"],
                confidence=SYMPTOM,
            )


def checked(log: Log, number: int, file: str) -> Diagnostic:
    """R CMD check shows the last lines of the output indented, with the error near its end."""
    end = log.run(number, re.compile(r"^(?:\S.*output:|  .*)?$"), 60)
    error_at = log.find(re.compile(r"^\s+Error\b"), end, number)
    message = log.text(error_at).strip() if error_at else log.text(number).strip()
    return Diagnostic(
        title=f"{file} failed in R CMD check",
        category="test",
        lines=((number, number), (error_at, min(error_at + 1, end))) if error_at else ((number, number),),
        message=message,
        file=file,
        failed_tests=(file,),
        suggestion="Check it here: R CMD build . && R CMD check --no-manual *.tar.gz",
        confidence=CERTAIN,
    )


def is_fatal(log: Log, number: int) -> bool:
    """Rscript ends with the words `Execution halted` after an error that nothing caught."""
    return (
        log.find(
            re.compile(r"^Execution halted$|^ERROR: (?:lazy loading|compilation|configuration|dependenc|loading)"),
            number,
            number + 30,
        )
        is not None
    )


def r_error(log: Log, number: int, error: re.Match[str]) -> Iterator[Diagnostic]:
    message = error["message"] or log.text(number + 1).strip()
    if TESTS_FAILED.match(message):
        yield Diagnostic("The tests failed", "test", ((number, number),), message, confidence=SYMPTOM)
        return
    missing = MISSING.search(message)
    kind: Category = "dependency" if missing else "compile" if SYNTAX.search(message) else "runtime"
    package = next((name for name in missing.groups() if name), "") if missing else ""
    yield Diagnostic(
        title=f"R: {message}"[:120],
        category=kind,
        lines=((number, number if error["message"] else min(number + 1, log.last)),),
        message=message,
        suggestion=f"Add {package} to DESCRIPTION and install it: Rscript -e 'install.packages(\"{package}\")'"
        if missing
        else f"It was raised in {error['call']}."
        if error["call"]
        else "",
        confidence=CERTAIN,
    )


def failed_test(log: Log, number: int, case: re.Match[str]) -> Diagnostic:
    end = log.run(number, re.compile(r"^(?!── |─{10,}|══|\[ FAIL|-- |Error: )\S"), 6)
    message = " ".join(log.text(n).strip() for n in range(number + 1, end + 1))
    return Diagnostic(
        title=f"{case['test']} failed"[:120],
        category="test",
        lines=((number, end),),
        message=message or case["test"],
        file=case["file"],
        line=int(case["line"]),
        failed_tests=(f"{case['place']}: {case['test']}",),
        suggestion=f"Run the file alone: Rscript -e 'testthat::test_file(\"{case['file']}\")'",
        confidence=CERTAIN,
    )


def find_lint(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        issue = LINT.match(log.text(number))
        if issue:
            yield Diagnostic(
                f"lintr: {issue['message']}"[:120],
                "lint",
                ((number, number),),
                issue["message"],
                issue["file"],
                int(issue["line"]),
                int(issue["column"]),
                suggestion=f"Run it here: Rscript -e 'lintr::lint(\"{issue['file']}\")'",
                confidence=CERTAIN,
            )


DETECTORS = (
    Detector(
        "R",
        (
            r"Error(?: in .{1,300})? ?: ",
            r"Error in .{1,300} ?:\s*$",
            r"(?:Failure|Error) \(.{1,200}\.[rR]:[0-9]",
            r"\* checking .{1,200} ERROR",
            r"Status: [0-9]+ ERROR",
            r"Running (?:the tests|examples) in ",
        ),
        find,
    ),
    Detector("lintr", (r"\.[rR](?:md)?:[0-9]+:[0-9]+: (?:style|warning|error): ",), find_lint),
)
