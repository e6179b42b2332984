"""Ansible's playbooks, ansible-lint, puppet-lint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, Detector, Diagnostic
from ci_analysis.engine.lines import Log

FAILED = re.compile(
    r"^(?:fatal|failed): \[(?:[^\]]+)\](?: \(item=.*?\))?: (?P<how>FAILED|UNREACHABLE)! => "
    r"(?P<result>\{.*)$|^failed: \[(?:[^\]]+)\] \(item=.*?\) => (?P<result2>\{.*)$"
)
TASK = re.compile(r"^(?:TASK|RUNNING HANDLER|HANDLER) \[(?P<task>.+?)\] \*+")
IGNORED = re.compile(r"^\.\.\.ignoring$")
MESSAGE = re.compile(r'"msg": "(?P<message>(?:[^"\\]|\\.)*)"')
STDERR = re.compile(r'"stderr": "(?P<message>(?:[^"\\]|\\.)+)"')
PLACE = re.compile(r"The error appears to be in '(?P<file>[^']+)': line (?P<line>\d{1,7}), column (?P<column>\d{1,7})")
SYNTAX = re.compile(r"^(?:ERROR! |\[ERROR\]: )(?P<message>.+)")
ORIGIN = re.compile(r"^Origin: (?P<file>[^\s:]+):(?P<line>\d{1,7}):(?P<column>\d{1,7})")
LINT_OLD = re.compile(r"^(?P<rule>[a-z][\w-]+(?:\[[\w-]+\])?): (?P<message>.+)$")
LINT_PLACE = re.compile(r"^(?P<file>[^\s:]+\.ya?ml):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?(?: |$)")
LINT_MARK = re.compile(r"^(?:WARNING  )?Listing \d+ violation|Rule Violation Summary")
PUPPET = re.compile(
    r"^(?:(?P<file>\S+\.pp) - )?(?:ERROR): (?P<message>.+?) on line "
    r"(?P<line>\d{1,7})(?: col(?:umn)? (?P<column>\d{1,7}))?(?: \(check: (?P<check>\w+)\))?$"
)
UNDEFINED = re.compile(r"undefined|is not defined|no attribute", re.I)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if failed := FAILED.match(text):
            if not IGNORED.match(log.text(number + 1)):
                yield failed_task(log, number, failed)
        elif syntax := SYNTAX.match(text):
            yield syntax_error(log, number, syntax["message"])


def failed_task(log: Log, number: int, failed: re.Match[str]) -> Diagnostic:
    result = failed["result"] or failed["result2"]
    at = log.find(TASK, number, number - 400)
    task = TASK.match(log.text(at)) if at else None
    name = task["task"] if task else "a task"
    message = told(result)
    stderr = STDERR.search(result)
    place = PLACE.search(result)
    unreachable = failed["how"] == "UNREACHABLE"
    kind: Category = (
        "network"
        if unreachable
        else "configuration"
        if UNDEFINED.search(message) or "syntax" in message.lower()
        else "runtime"
    )
    return Diagnostic(
        title=f"Ansible: {name}: {plain(stderr['message']) if stderr and 'non-zero' in message else message}"[:120],
        category=kind,
        lines=((at, at), (number, number)) if at else ((number, number),),
        message=message + (f": {plain(stderr['message'])}" if stderr else ""),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
        suggestion="Check address, user and key of the host: ansible <host> -m ping -vvv"
        if unreachable
        else f"Run from there: ansible-playbook <playbook> --start-at-task '{name}' -vvv",
        confidence=CERTAIN,
    )


def told(result: str) -> str:
    found = MESSAGE.search(result)
    return plain(found["message"]) if found else result[:200]


def plain(quoted: str) -> str:
    """JSON's escapes undone, on one line."""
    try:
        return " ".join(str(json.loads(f'"{quoted}"')).split())
    except ValueError:
        return quoted


def syntax_error(log: Log, number: int, message: str) -> Diagnostic:
    at = next(
        (
            n
            for n in range(number, min(log.last, number + 12) + 1)
            if PLACE.search(log.text(n)) or ORIGIN.match(log.text(n))
        ),
        None,
    )
    place = (PLACE.search(log.text(at)) or ORIGIN.match(log.text(at))) if at else None
    return Diagnostic(
        title=f"Ansible: {message}"[:120],
        category="configuration",
        lines=((number, number), (at, at)) if at and at > number else ((number, number),),
        message=message,
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
        suggestion="Check it here: ansible-playbook --syntax-check <playbook>",
        confidence=CERTAIN,
    )


def find_lint(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number)
        if puppet := PUPPET.match(text):
            yield lint(number, number, "puppet-lint", puppet["check"] or "", puppet["message"], puppet)
        elif LINT_MARK.search(text):
            yield from violations(log, number)


def violations(log: Log, number: int) -> Iterator[Diagnostic]:
    """Each is a line `rule: message` and a line `file:line`, between the heading and the summary table."""
    for at in range(number + 1, min(log.last, number + 600) + 1):
        rule = LINT_OLD.match(log.text(at))
        place = LINT_PLACE.match(log.text(at + 1)) if rule else None
        if rule and place:
            yield lint(at, at + 1, "ansible-lint", rule["rule"], rule["message"], place)
        elif "Rule Violation Summary" in log.text(at):
            return


def lint(first: int, last: int, tool: str, rule: str, message: str, place: re.Match[str]) -> Diagnostic:
    return Diagnostic(
        title=f"{tool}: {rule}: {message}"[:120],
        category="lint",
        lines=((first, last),),
        message=message,
        file=place["file"],
        line=int(place["line"]),
        column=int(place["column"]) if place["column"] else None,
        suggestion=f"Run it here: {tool} {'--fix ' if tool == 'puppet-lint' else ''}{place['file'] or '<file>'}",
        confidence=CERTAIN,
    )


DETECTORS = (
    Detector(
        "ansible", (r"\]: (?:FAILED|UNREACHABLE)! => ", r"failed: \[.{1,200}\) => ", r"ERROR! ", r"\[ERROR\]: "), find
    ),
    Detector("ansible-lint", (r"Listing [0-9]+ violation", r"ERROR: .{1,300} on line [0-9]"), find_lint),
)
