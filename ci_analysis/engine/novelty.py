"""Which lines of a failed log no green log of the same job has.

Lines are compared by a 64-bit hash of their normalised form. NORMALISER names the form: hashes of another version say
nothing about a line and must be thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

import hyperscan

NORMALISER = 1
MAX_HASHES = 1_000_000  # of all green logs together; what is beyond is taken for new

ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*\x07?")
# What holds letters and changes from run to run: commit and content hashes, UUIDs, temporary names, month and week day.
CHANGING = (
    rb"\b[0-9a-fA-F]{7}[0-9a-fA-F-]*\b",
    rb"/tmp/[^\s/:'\"]+",
    rb"@[0-9a-f]{5,8}\b",
    rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b",
)
BLANK = bytes.maketrans(b"\t", b" ")
DIGITS = b"0123456789"


@lru_cache(maxsize=1)
def changing() -> hyperscan.Database:
    database = hyperscan.Database()
    flags = [hyperscan.HS_FLAG_SOM_LEFTMOST] * len(CHANGING)
    database.compile(expressions=list(CHANGING), ids=[0] * len(CHANGING), elements=len(CHANGING), flags=flags)
    return database


def without_changing(piece: bytes) -> bytes:
    ends: dict[int, int] = {}

    def on_match(_id: int, start: int, end: int, _flags: int, _context: object) -> None:
        ends[start] = end  # a longer match from the same start comes later

    database = changing()
    database.scan(piece, match_event_handler=on_match, scratch=hyperscan.Scratch(database))
    kept, at = [], 0
    for start, end in sorted(ends.items()):
        kept.append(piece[at:start])
        at = max(at, end)
    return b"".join([*kept, piece[at:]])


def normalise(piece: bytes) -> list[bytes]:
    """The normalised lines of a piece of log whose only line end is LF."""
    complete = piece.endswith(b"\n")
    if b"\x1b" in piece:
        piece = ANSI.sub(b"", piece)
    piece = b"\n" + without_changing(piece).translate(BLANK, DIGITS)
    # What is left of "2026-01-02T03:04:05.678Z " without its digits.
    lines = piece.replace(b"\n--T::.Z ", b"\n").split(b"\n")
    return lines[1:-1] if complete else lines[1:]


def hashes(piece: bytes) -> list[int]:
    """One hash a line."""
    return [int.from_bytes(blake2b(line.strip(), digest_size=8).digest(), "big") for line in normalise(piece)]


def known_lines(pieces: Iterable[bytes]) -> frozenset[int]:
    """Hashes of all lines of the pieces."""
    known: set[int] = set()
    for piece in pieces:
        if len(known) >= MAX_HASHES:
            break
        known.update(hashes(piece))
    return frozenset(known)
