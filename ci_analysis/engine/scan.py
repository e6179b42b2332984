"""The one pass over the bytes: line index, anchored lines of each kind, and new lines."""

from __future__ import annotations

import mmap
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

import hyperscan

from ci_analysis.engine import anchors, novelty, registry
from ci_analysis.engine.lines import Log

REPEAT = re.compile(r"(?<!\\)\.\{(\d+),\d+\}")
KEEP = (
    2000  # anchored lines of a kind kept from the beginning of the log, and as many from its end and before error marks
)
MAX_PINS = 8


class Kept:
    """Line numbers in order, each once: the first KEEP, the last KEEP, and the last KEEP before each pin."""

    __slots__ = ("first", "last", "newest", "pinned")

    def __init__(self) -> None:
        self.first: list[int] = []
        self.pinned: list[int] = []
        self.last: deque[int] = deque(maxlen=KEEP)
        self.newest = 0

    def add(self, number: int) -> None:
        if number == self.newest:
            return
        self.newest = number
        (self.first if len(self.first) < KEEP else self.last).append(number)

    def pin(self) -> None:
        self.pinned += self.last
        self.last.clear()

    def numbers(self) -> list[int]:
        return [*self.first, *self.pinned, *self.last]


class Collector:
    """Bounded numbers of anchored lines by kind. An error mark pins what came before it: there a failed step ends,
    and any amount of output may follow."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.kept = [Kept() for _ in names]
        self.error = names.index("error")
        self.pins = 0
        self.last_pin = 0

    def add(self, piece: bytes, number: int, found: list[tuple[int, int]]) -> None:
        """Turn (end offset, kind) into line numbers, counting line ends once from match to match."""
        found.sort()
        at = 0
        for end, kind in found:
            if end > at + 1:
                number += piece.count(b"\n", at, end - 1)
                at = end - 1
            self.kept[kind].add(number)
            if kind == self.error and number > self.last_pin + KEEP and self.pins < MAX_PINS:
                self.pin(number)

    def pin(self, number: int) -> None:
        self.pins += 1
        self.last_pin = number
        for kept in self.kept:
            kept.pin()

    def hits(self) -> dict[str, list[int]]:
        return {name: kept.numbers() for name, kept in zip(self.names, self.kept, strict=True) if kept.newest}


@dataclass(slots=True)
class Scan:
    """What the pass found. `novel[n - 1]` is 1 for a line that no green log has; None without green logs."""

    log: Log
    hits: dict[str, list[int]] = field(default_factory=dict)
    novel: bytearray | None = None

    def is_novel(self, number: int) -> bool:
        return self.novel is None or bool(self.novel[number - 1])


def unbounded(repeat: re.Match[str]) -> str:
    """Within a line `.*` finds what `.{0,300}` finds, and compiles in a fraction of the time."""
    return ".*" if repeat[1] == "0" else ".+"


@lru_cache(maxsize=1)
def patterns() -> tuple[hyperscan.Database, tuple[str, ...]]:
    """The compiled patterns of all anchors, and the kind that each pattern id stands for."""
    kinds = dict(anchors.KINDS) | {f"detector:{i}": d.anchors for i, d in enumerate(registry.detectors())}
    names = tuple(kinds)
    expressions, ids, flags = [], [], []
    for number, kind in enumerate(names):
        for pattern in kinds[kind]:
            caseless = pattern.startswith("(?i)")
            expressions.append(REPEAT.sub(unbounded, pattern.removeprefix("(?i)")).encode())
            ids.append(number)
            flags.append(hyperscan.HS_FLAG_MULTILINE | (hyperscan.HS_FLAG_CASELESS if caseless else 0))
    database = hyperscan.Database()
    database.compile(expressions=expressions, ids=ids, elements=len(ids), flags=flags)
    return database, names


def scan(data: bytes | mmap.mmap, baselines: Sequence[bytes | mmap.mmap]) -> Scan:
    database, names = patterns()
    scratch = hyperscan.Scratch(database)
    known = novelty.known_lines(chain.from_iterable(Log(b).chunks() for b in baselines)) if baselines else None
    log = Log(data)
    collector = Collector(names)
    novel = bytearray()
    found: list[tuple[int, int]] = []
    append = found.append

    def on_match(kind: int, _start: int, end: int, _flags: int, _context: object) -> None:
        append((end, kind))

    for piece in log.chunks():
        if known is not None:
            novel.extend(hash_ not in known for hash_ in novelty.hashes(piece))
        database.scan(piece, match_event_handler=on_match, scratch=scratch)
        if found:
            collector.add(piece, log.numbers[-1], found)
            found.clear()
    return Scan(log, collector.hits(), novel if known is not None else None)
