"""Errors that a GitHub action or a problem matcher raised: `##[error]`, `::error file=...,line=...::`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.anchors import WRAPPER
from ci_analysis.engine.detectors import GENERIC, Detector, Diagnostic
from ci_analysis.engine.lines import Log

COMMAND = re.compile(r"::error (?P<fields>[^:]*)::")
ESCAPED_END = re.compile("%0[AD]")  # how a workflow command writes a line end
FIELD = re.compile(r"(?P<name>file|line|col|title)=(?P<value>[^,]*)")
PLACE = re.compile(r"^(?P<file>[\w./\\@+-]+\.\w{1,8}):(?P<line>\d+)(?::(?P<column>\d+))?:? (?P<message>.+)")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number).strip()
        if log.marker(number) == "error" and text and not WRAPPER.match(text):
            yield annotation(log, number, text)


def annotation(log: Log, number: int, text: str) -> Diagnostic:
    command = COMMAND.search(log.raw(number)[:4000].decode("utf-8", "replace"))
    fields = dict(FIELD.findall(command["fields"])) if command else {}
    text = " ".join(ESCAPED_END.sub(" ", text).replace("%25", "%").split())
    place = PLACE.match(text)
    if place:
        fields = {"file": place["file"], "line": place["line"], "col": place["column"] or ""} | fields
        text = place["message"]
    return Diagnostic(
        title=fields.get("title") or text[:120],
        category="unknown",
        lines=((number, number),),
        message=text,
        file=fields.get("file"),
        line=as_number(fields.get("line")),
        column=as_number(fields.get("col")),
        confidence=GENERIC,
    )


def as_number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 9 else None


DETECTOR = Detector("annotation", (r"##\[error\]", r"::error[ :]"), find)
