"""Steps of a CI log, and which of them failed.

GitHub Actions writes `##[group]Run <command>` with the command, shell and environment inside the group, then the
output, then, if it failed, `##[error]Process completed with exit code N.`. What runs after the steps begins with
`Post job cleanup.`. Azure Pipelines writes `##[section]Starting: <name>`. The log of Travis closes each command with
`The command "..." exited with N.`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ci_analysis.engine.anchors import WRAPPER
from ci_analysis.engine.lines import Log
from ci_analysis.engine.scan import Scan

POST = "Post job cleanup."
STARTING = "Starting: "
NAME = 200  # characters of a step's name
MAX_FAILED = 3  # independent commands that are looked at
HEADER_LINES = 60  # a step's group holds its command, shell and environment; a user's own group holds output
HEADER_MARK = re.compile(r"^(?:shell: |with:|env:)")
EXITED = re.compile(r'^The command "(?P<command>.*)" (?:exited with|failed and exited with) (?P<code>\d+)')
ALWAYS = re.compile(
    r"upload|artifact|\breport|codecov|coveralls|slack|\bnotif|clean ?up|\|\| true|\blogs?\b|teardown"
    r"|tear down|\bstop\b|publish|annotat|actions/cache|^Run \{|summary|gather|collect",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Step:
    """Lines first..last of the log; `output` is where the command's own output begins."""

    name: str
    first: int
    output: int
    last: int
    errors: list[int] = field(default_factory=list)
    wrapper: int | None = None
    independent: bool = False  # the service goes on with the next one whether it failed or not

    @property
    def end(self) -> int:
        """Last line that can explain the step's failure."""
        return self.wrapper or (self.errors[-1] if self.errors else self.last)


def find_steps(scan: Scan) -> list[Step]:
    """All steps in order; a log without the marks of a CI service is one nameless step."""
    log = scan.log
    steps = [Step("", 1, 1, log.last)]
    for number, kind in boundaries(scan):
        if kind == "error":
            note_error(log, steps[-1], number)
        elif kind == "exited":
            steps = close_command(log, steps, number)
        else:
            steps[-1].last = number - 1
            steps.append(open_step(log, number, kind))
    return [step for step in steps if step.last >= step.first]


def open_step(log: Log, number: int, kind: str) -> Step:
    if kind == "section":
        return Step(log.text(number).removeprefix(STARTING)[:NAME], number, number + 1, log.last)
    if kind == "post":
        return Step(POST, number, number + 1, log.last)
    return Step(log.text(number)[:NAME], number, output_start(log, number), log.last)


def close_command(log: Log, steps: list[Step], number: int) -> list[Step]:
    """Travis names a command when it ends, not when it begins."""
    exited = EXITED.match(log.text(number))
    if exited:
        steps[-1].name = exited["command"][:NAME]
        steps[-1].last = number
        steps[-1].wrapper = number if exited["code"] != "0" else None
        steps[-1].independent = True
        steps.append(Step("", number + 1, number + 1, log.last))
    return steps


def boundaries(scan: Scan) -> list[tuple[int, str]]:
    """(line, kind) of step headers, post steps and error marks, in order."""
    log = scan.log
    found = [(n, "error") for n in scan.hits.get("error", []) if log.marker(n) == "error"]
    found += [(n, "step") for n in scan.hits.get("group", []) if is_header(log, n)]
    found += [(n, "section") for n in scan.hits.get("section", []) if log.marker(n) == "section"]
    found += [(n, "exited") for n in scan.hits.get("exited", [])]
    found += [(n, "post") for n in scan.hits.get("post", []) if log.text(n) == POST]
    return sorted(found)


def is_header(log: Log, number: int) -> bool:
    if log.marker(number) != "group" or not log.text(number).startswith("Run "):
        return False
    for line in range(number + 1, number + HEADER_LINES):
        if HEADER_MARK.match(log.text(line)):
            return True
        if log.marker(line) == "endgroup":
            return log.marker(number + 1) == "endgroup"
    return False


def output_start(log: Log, number: int) -> int:
    for line in range(number + 1, number + 4 * HEADER_LINES):
        if log.marker(line) == "endgroup":
            return line + 1
    return number + 1


def note_error(log: Log, step: Step, number: int) -> None:
    step.errors.append(number)
    if step.wrapper is None and WRAPPER.match(log.text(number)):
        step.wrapper = number


def failed(steps: Sequence[Step], names: Sequence[str]) -> list[Step]:
    """The failing steps, most telling first; empty when the log does not show which.

    names: steps that the CI service's own record calls failed; they decide where they can be found in the log.
    """
    named = [step for step in steps if any(same_name(step.name, name) for name in names)]
    if named:
        return named
    marked = [step for step in steps if step.wrapper] or [step for step in steps if step.errors and step.name != POST]
    if any(step.independent for step in marked):
        return marked[:MAX_FAILED]
    # A step that is allowed to fail is followed by others; after a real failure only steps of the kind always() run.
    main = [step for step in marked if not ALWAYS.search(step.name.split("\n")[0])]
    return main[-1:] or marked[:1]


def same_name(one: str, other: str) -> bool:
    plain = [" ".join(name.removeprefix("Run ").lower().split()) for name in (one, other)]
    return bool(plain[0]) and (plain[0] == plain[1] or (len(plain[0]) >= 12 and plain[1].startswith(plain[0])))


COMPLETE = re.compile(
    r"^(?:Cleaning up orphan processes|Terminate orphan process.*|Post job cleanup\.|Finished: SUCCESS"
    r"|Job succeeded|Done\. Your build exited with 0\.?)$"
)


def looks_green(scan: Scan) -> bool:
    """The log of a whole job in which the CI service notes no failure."""
    log = scan.log
    codes = [EXITED.match(log.text(n)) for n in scan.hits.get("exited", [])]
    if any(code and code["code"] != "0" for code in codes):
        return False
    if any(COMPLETE.match(log.text(n)) for n in scan.hits.get("exited", [])):
        return True
    whole = bool(scan.hits.get("group")) and not scan.hits.get("error")
    return whole and any(COMPLETE.match(log.text(n)) for n in range(max(1, log.last - 60), log.last + 1))
