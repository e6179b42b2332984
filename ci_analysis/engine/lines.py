"""Lines of a log by number, cleaned on demand.

A log is bytes or an mmap; it is never decoded as a whole. `Log.load` walks it once in chunks of about CHUNK bytes and
remembers only where each chunk starts and which line that is, so the index of a log of any length stays small.
Lines are numbered from 1 and end at CR LF, LF or a lone CR.
"""

from __future__ import annotations

import mmap
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

CHUNK = 1 << 18
CLIP = 2_000  # characters of one line that are looked at; more is minified code or encoded data
TAIL = 500  # of them from the line's end
CUT = " … "

# ECMA-48 control sequences and operating system commands, and what is left of colours when a tool drops the ESC.
ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]|\[\d{1,3}(?:;\d{1,3})*m(?!s?\])"
)
# actions/runner writes seven digits of a second; GitLab adds two digits and a letter for the stream.
TIMESTAMP = re.compile(
    r"\ufeff?(?:[^\t]{1,120}\t[^\t]{1,160}\t\ufeff?)?"
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,9})?Z (?:\d\d[EO][+ ]?)?"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,9})?Z$"
    r"|\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z\] )?"
)
MARKER = re.compile(
    r"##\[(error|warning|notice|debug|command|group|endgroup|section)\]|::(error|warning|notice|debug)(?: [^:]*)?::"
)
SCRIPTS = r"(?:build|check|ci|compile|e2e|format|lint|test|type-?check|types|unit)[\w:-]*"
# What programs that run others put in front of each of their lines.
PREFIX = re.compile(
    r"#\d+ \d+\.\d{1,3} (?=\S)"  # BuildKit
    r"|[a-z][\w.-]*[-_]\d+ +\| "  # Docker Compose
    r"|\d\d:\d\d:\d\d(?:[.,]\d{1,6})? +(?=\S)"  # Jenkins' time stamper
    rf"|@?[a-z][\w./-]*:{SCRIPTS}: |(?:\.|[\w@.-]*/[\w./@-]+) {SCRIPTS}: "  # Turborepo, pnpm
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Log:
    """Random access to the lines of a log.

    `text` is what detectors read: no colours, no time stamp, no `##[error]` in front, at most CLIP characters (the
    middle of a longer line is left out),
    and "" for a number outside the log.
    """

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self.data = data
        self.size = len(data)
        self.starts: list[int] = []
        self.numbers: list[int] = []
        self.last = 0
        self.raw_chunk = lru_cache(maxsize=16)(self._raw_chunk)
        self.cleaned = lru_cache(maxsize=20_000)(self._cleaned)

    def chunks(self) -> Iterator[bytes]:
        """Yield the log as pieces of whole lines ending in LF, and fill the index; call once, before anything else."""
        offset = 0
        while offset < self.size:
            end = self._chunk_end(offset)
            piece = self._piece(offset, end)
            self.starts.append(offset)
            self.numbers.append(self.last + 1)
            self.last += piece.count(b"\n") + (not piece.endswith(b"\n"))
            yield piece
            self._forget(offset, end)
            offset = end

    def _piece(self, start: int, end: int) -> bytes:
        """A chunk with LF as its only line end. Of a line longer than a chunk only the beginning is read."""
        piece = bytes(self.data[start : min(end, start + CHUNK)])
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return piece

    def _chunk_end(self, offset: int) -> int:
        limit = offset + CHUNK
        if limit >= self.size:
            return self.size
        newline = max(self.data.rfind(b"\n", offset, limit), self.data.rfind(b"\r", offset, limit - 1))
        if newline < 0:
            newline = self._next_line_end(limit - 1)
        after = self.data[newline : newline + 2]
        return newline + (2 if after == b"\r\n" else 1)

    def _next_line_end(self, offset: int) -> int:
        while offset < self.size:
            piece = bytes(self.data[offset : offset + CHUNK])
            ends = [at for at in (piece.find(b"\n"), piece.find(b"\r")) if at >= 0]
            if ends:
                return offset + min(ends)
            self._forget(offset, offset + CHUNK)
            offset += CHUNK
        return self.size - 1

    def _forget(self, start: int, end: int) -> None:
        # Pages of a file that were read stay in this process' memory until they are given back.
        if isinstance(self.data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            first = start - start % mmap.PAGESIZE
            length = end - end % mmap.PAGESIZE - first
            if length > 0:
                self.data.madvise(mmap.MADV_DONTNEED, first, length)

    def _raw_chunk(self, index: int) -> list[bytes]:
        end = self.starts[index + 1] if index + 1 < len(self.starts) else self.size
        lines = self._piece(self.starts[index], end).split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines

    def raw(self, number: int) -> bytes:
        """The line's bytes without its end; empty outside the log."""
        if not 1 <= number <= self.last:
            return b""
        index = bisect_right(self.numbers, number) - 1
        return self.raw_chunk(index)[number - self.numbers[index]]

    def _cleaned(self, number: int) -> tuple[str, str]:
        return clean(self.raw(number))

    def text(self, number: int) -> str:
        return self.cleaned(number)[1]

    def marker(self, number: int) -> str:
        """The word of the `##[error]` or `::error::` that stood in front of the line; empty without one."""
        return self.cleaned(number)[0]

    def find(self, pattern: re.Pattern[str], start: int, stop: int) -> int | None:
        """First line from `start` towards `stop` (inclusive, may be smaller than start) in which the pattern occurs."""
        step = 1 if stop >= start else -1
        start, stop = min(max(start, 1), self.last), min(max(stop, 1), self.last)
        for number in range(start, stop + step, step):
            if pattern.search(self.text(number)):
                return number
        return None

    def run(self, start: int, pattern: re.Pattern[str], limit: int = 100) -> int:
        """Last of the lines directly after `start` that all match the pattern; `start` itself when none does."""
        number = start
        while number < min(self.last, start + limit) and pattern.search(self.text(number + 1)):
            number += 1
        return number


def clean(raw: bytes) -> tuple[str, str]:
    """Split a line's bytes into (marker, text without marker, colours, time stamp and control characters)."""
    text = raw.decode("utf-8", "replace") if len(raw) <= CLIP else without_middle(raw)
    if "\x1b" in text or ("m" in text and "[" in text):
        text = ANSI.sub("", text)
    text = text[TIMESTAMP.match(text).end() :]  # type: ignore[union-attr]  # the pattern matches the empty string
    word = ""
    marker = MARKER.match(text)
    if marker:
        word = marker[1] or marker[2]
        text = text[marker.end() :]
    elif prefix := PREFIX.match(text):
        text = text[prefix.end() :]
    return word, CONTROL.sub("", text).rstrip()


def without_middle(raw: bytes) -> str:
    """Beginning and end of a long line, cut between words where that is near: half a secret would not be recognised."""
    head = raw[: CLIP - TAIL].decode("utf-8", "replace")
    tail = raw[-TAIL + len(CUT) :].decode("utf-8", "replace")
    space = head.rfind(" ", len(head) // 2)
    return head[: space if space > 0 else None] + CUT + tail[max(0, tail.find(" ", 0, TAIL // 2)) :].lstrip()
