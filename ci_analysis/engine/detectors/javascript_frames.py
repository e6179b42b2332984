"""Places in JavaScript stack traces, shared by the detectors of JavaScript test runners. No detector of its own."""

from __future__ import annotations

import re

from ci_analysis.engine.lines import Log
from ci_analysis.engine.paths import is_library

FRAME = re.compile(
    r"^\s*(?:at |❯ |› )(?:.{0,300}[( ])?(?:file://|webpack://[^/]*/(?:\./)?)?(?P<file>(?:/|\.{0,2}/"
    r"|[A-Za-z]:[\\/])?[^\s():]+\.\w{1,6}):(?P<line>\d{1,7})(?::(?P<column>\d{1,7}))?\)?$"
)


def own_frame(log: Log, first: int, last: int) -> re.Match[str] | None:
    """The first stack frame between these lines that is neither a library's nor the runtime's."""
    for number in range(first, last + 1):
        frame = FRAME.match(log.text(number))
        if frame and not is_library(frame["file"]) and not frame["file"].startswith(("node:", "internal/")):
            return frame
    return None
