"""The name of a failure: the same for two runs of one cause, different for different causes.

What changes from run to run is masked (numbers, ids, durations, the folders above a file); what tells failures apart
is kept (words, names of tests, symbols, error codes, file names). VERSION is part of the name: a change of any rule
here makes new names, and groups of two versions are never compared.
"""

from __future__ import annotations

import re
from hashlib import sha256

VERSION = "f1"

MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b(?:\d{1,2}:)?\d{1,2}:\d\d(?:[.,]\d+)?\b(?! *(?:error|warning))"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b"), "<id>"),
    (
        re.compile(r"\b\d+(?:[.,]\d+)? ?(?:ns|us|µs|ms|s|sec(?:onds?)?|m|min(?:utes?)?|h|[KMGT]i?B|bytes|%)(?![\w])"),
        "<n>",
    ),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]+)+[\\/](?=[\w.@+-])"), "…/"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|(?<=localhost):\d+"), "<host>"),
    # A number that stands alone; those inside a name or a code (E501, utf8, C2065, HTTP 404 below) tell causes apart.
    (re.compile(r"(?<![\w.<])(?!(?:[1-5]\d\d)\b(?=[ :]))[-+]?\d+(?:[.,]\d+)*(?![\w>])"), "<n>"),
)
SPACE = re.compile(r"\s+")


def normalise(message: str) -> str:
    """The message with everything masked that changes from run to run."""
    for pattern, mask in MASKS:
        message = pattern.sub(mask, message)
    return SPACE.sub(" ", message).strip()[:500]


def fingerprint(tool: str, category: str, message: str, file: str | None, tests: tuple[str, ...]) -> str:
    """ "f1:" and 32 hexadecimal digits. Line and column are left out: they move when other lines of the file change."""
    name = re.split(r"[\\/]", file)[-1] if file else ""
    parts = (VERSION, tool, category, normalise(message), name, *sorted(tests))
    return f"{VERSION}:{sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"
