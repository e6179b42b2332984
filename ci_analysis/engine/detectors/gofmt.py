"""gofmt -l and its relatives print only the names of the files, gofmt -d a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.detectors import LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

NAME = re.compile(r"^(?P<file>[\w./-]+\.go)$")
DIFF = re.compile(r"^diff (?:-u )?(?:\S+\.go)\.orig (?P<file>\S+\.go)$")


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number).strip()
        if unformatted := NAME.match(text) or DIFF.match(text):
            yield Diagnostic(
                title=f"{unformatted['file']} is not formatted",
                category="lint",
                lines=((number, number),),
                message=f"gofmt would change {unformatted['file']}",
                file=unformatted["file"],
                suggestion=f"Format it: gofmt -w {unformatted['file']}",
                confidence=LIKELY,
            )


DETECTOR = Detector("gofmt", (r"[\w-]\.go\s*$", r"\.go\.orig "), find)
