"""A job's log cut into steps, with the line numbers that links of the form #step:4:12 name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from .models import Job, Step

MOST_LINES = 20_000  # shown on a page
TIMESTAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMMAND = re.compile(r"##\[(\w+)\]")


@dataclass(frozen=True)
class LogLine:
    """`number` counts from 1 within its step; `kind` is "", "group", "endgroup", "error", "warning", ..."""

    number: int
    text: str
    kind: str


@dataclass(frozen=True)
class Section:
    step: Step
    lines: Sequence[LogLine]


def sections(job: Job) -> list[Section]:
    """The log by steps; all of it in the failed step where nobody said where the steps begin."""
    lines = list(islice(_lines(job), MOST_LINES))
    starts = [step.first_line for step in job.steps]
    if not job.steps:
        return []
    if not all(starts):
        blamed = next((step for step in job.steps if step.conclusion == "failure"), job.steps[0])
        return [Section(step, _numbered(lines) if step is blamed else []) for step in job.steps]
    ends = [*starts[1:], len(lines) + 1]
    return [
        Section(step, _numbered(lines[start - 1 : end - 1]))
        for step, start, end in zip(job.steps, starts, ends, strict=True)
    ]


def _lines(job: Job) -> Iterator[str]:
    if job.log_path is not None:
        with job.log_path.open(encoding="utf-8", errors="replace") as log:
            yield from (line.rstrip("\n") for line in log)
    else:
        yield from job.log.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")


def _numbered(lines: Sequence[str]) -> list[LogLine]:
    return [_line(number, line) for number, line in enumerate(lines, 1)]


def _line(number: int, line: str) -> LogLine:
    text = ANSI.sub("", TIMESTAMP.sub("", line))
    command = COMMAND.match(text)
    kind = command[1] if command else "command" if text.startswith("[command]") else ""
    return LogLine(number, COMMAND.sub("", text, count=1).removeprefix("[command]"), kind)
