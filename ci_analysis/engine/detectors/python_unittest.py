"""unittest's report, which Django's test runner and nose share, and the report of Twisted's trial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import CERTAIN, SYMPTOM, Detector, Diagnostic
from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import in_repository, is_library

RULE = re.compile(r"^[=-]{60,}$")
HEADING = re.compile(r"^(?P<kind>FAIL|ERROR|UNEXPECTED SUCCESS): (?:Doctest: )?(?P<test>\S.*)$")
TRIAL = re.compile(r"^\[(?:FAIL|ERROR)\]$")
DOTTED = re.compile(r"^(?P<method>[^\s(]+) \((?P<path>[\w.<>]+)\)")
FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d{1,7})')
RAISED = re.compile(r"^(?P<name>(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?P<message>: .*)?$")
MODULE = re.compile(r"No module named '?(?P<module>[\w.]+)")
SUMMARY = re.compile(r"^FAILED \((?=.*(?:failures|errors|unexpected successes)=)")
REACH = 600  # lines of one failure's section


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if not RULE.match(log.text(number - 1)):
            if SUMMARY.match(text):
                yield Diagnostic("Tests failed", "test", ((number, number),), text, confidence=SYMPTOM)
            continue
        if heading := HEADING.match(text):
            yield failed_test(log, number, plain_name(heading["test"]))
        elif TRIAL.match(text):
            yield from trial_test(log, number)


def plain_name(name: str) -> str:
    """The test without the parameters of a subtest."""
    dotted = DOTTED.match(name)
    return dotted[0] if dotted else name.strip()


def failed_test(log: Log, number: int, test: str) -> Diagnostic:
    start = log.find(RULE, number + 1, number + 20) or number
    end = (log.find(RULE, start + 1, start + REACH) or start + REACH) - 1
    raised, place = last_exception(log, start + 1, end)
    message = log.text(raised) if raised else ""
    module = MODULE.search(message)
    broken_import = (bool(module) and "_FailedTest" in test) or test.startswith("Failure: ")
    return Diagnostic(
        title=f"{test.split(' (')[0]} {'could not be imported' if broken_import else 'failed'}",
        category="dependency" if broken_import and module else "test",
        lines=((number, number), *(((raised, raised),) if raised else ())),
        message=message or log.text(number),
        file=in_repository(place["file"]) if place else None,
        line=int(place["line"]) if place else None,
        failed_tests=() if test.startswith("Failure: ") else (test,),  # nose names the exception of a failed import
        suggestion=suggestion(test, module["module"] if broken_import and module else None),
        confidence=CERTAIN,
    )


def last_exception(log: Log, start: int, end: int) -> tuple[int | None, re.Match[str] | None]:
    """(line of the last exception of the section, deepest frame of the repository before it)."""
    raised, place, in_trace = None, None, False
    for number in range(start, min(end, log.last) + 1):
        text = log.text(number)
        frame = FRAME.match(text)
        if frame:
            in_trace = True
            place = frame if not is_library(frame["file"]) and "/unittest/" not in frame["file"] else place
        elif in_trace and RAISED.match(text) and not text.startswith(" "):
            raised, in_trace = number, False
    return raised, place


def suggestion(test: str, module: str | None) -> str:
    if module:
        return (
            f"Add the package that has the module {module} to the requirements that this job installs; check with: "
            f"python -c 'import {module}'"
        )
    dotted = DOTTED.match(test)
    if not dotted or test.startswith(("setUp", "tearDown")):
        return (
            "Run it alone: python -m unittest <module>.<Class>.<test> (in a Django project: python manage.py test ...)"
        )
    path = dotted["path"] if dotted["path"].endswith(f".{dotted['method']}") else f"{dotted['path']}.{dotted['method']}"
    return f"Run it alone: python -m unittest {path} (in a Django project: python manage.py test {path})"


def trial_test(log: Log, number: int) -> Iterator[Diagnostic]:
    """trial names the test in the last line of its section, after the traceback."""
    end = log.find(RULE, number + 1, number + REACH)
    if not end:
        return
    tests = [n for n in range(end - 1, number, -1) if re.fullmatch(r"[\w.]+\.test\w*", log.text(n))]
    raised, place = last_exception(log, number + 1, end - 1)
    for line in tests[:1]:
        yield Diagnostic(
            title=f"{log.text(line)} failed",
            category="test",
            lines=((raised, raised), (line, line)) if raised and raised < line else ((line, line),),
            message=log.text(raised) if raised else "",
            file=in_repository(place["file"]) if place else None,
            line=int(place["line"]) if place else None,
            failed_tests=(log.text(line),),
            suggestion=f"Run it alone: python -m twisted.trial {log.text(line)}",
            confidence=CERTAIN,
        )


DETECTOR = Detector(
    "unittest",
    (
        r"(?:FAIL|ERROR|UNEXPECTED SUCCESS): [^ ]",
        r"\[(?:FAIL|ERROR)\](?:\x1b|\r|\n)",
        r"FAILED \(.{0,60}(?:failures|errors|unexpected successes)=",
    ),
    find,
)
