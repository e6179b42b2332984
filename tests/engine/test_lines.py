"""Lines by number: where they end, what is taken off them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.engine import lines
from ci_analysis.engine.lines import CHUNK, CLIP, Log, clean


def loaded(data: bytes) -> Log:
    log = Log(data)
    for _ in log.chunks():
        pass
    return log


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\rc\n", ["a", "b", "c"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"a\r\r\nb", ["a", "", "b"]),
        (b"a\n\rb", ["a", "", "b"]),
        ("a\u2028b\x0bc\x0cd\u0085e\n".encode(), ["abcde"]),
    ],
)
def test_a_line_ends_at_crlf_lf_or_a_lone_cr_and_nowhere_else(data: bytes, texts: list[str]) -> None:
    log = loaded(data)
    assert [log.text(n) for n in range(1, log.last + 1)] == texts


@pytest.mark.parametrize(
    ("raw", "marker", "text"),
    [
        (b"2026-05-06T06:03:18.5530184Z hello", "", "hello"),
        (b"\xef\xbb\xbf2026-05-06T06:03:18.5530184Z hello", "", "hello"),
        (b"build\tRun tests\t2026-05-06T06:03:18.5530184Z hello", "", "hello"),
        (b"2026-05-06T06:03:18.5530184Z ##[error]boom", "error", "boom"),
        (b"2026-05-06T06:03:18.5530184Z ##[group]Run make", "group", "Run make"),
        (b"::error file=a.py,line=3::boom", "error", "boom"),
        (b"\x1b[31mred\x1b[0m and \x1b[1;38;5;246mgrey\x1b[m", "", "red and grey"),
        (b"\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "", "link"),
        (b"[36;1mecho[0m without ESC", "", "echo without ESC"),
        (b"took [12m] and [0ms]", "", "took [12m] and [0ms]"),
        (b"\x1b[36m2026-05-06T06:03:18.5530184Z \x1b[0mhello", "", "hello"),
        (b"#12 3.456 gcc: error: x", "", "gcc: error: x"),
        (b"app-1  | Error: no", "", "Error: no"),
        (b"12:34:56  [ERROR] no", "", "[ERROR] no"),
        (b"web:test: FAIL src/a.test.ts", "", "FAIL src/a.test.ts"),
        (b"packages/web test: FAIL src/a.test.ts", "", "FAIL src/a.test.ts"),
        (b"12 | code()", "", "12 | code()"),
        (b"src/main.c:12:3: error: x", "", "src/main.c:12:3: error: x"),
        (b"a failing test: total", "", "a failing test: total"),
        (b"2024-01-02T03:04:05.123456Z 01O make: failed", "", "make: failed"),
        (b"    indented stays", "", "    indented stays"),
        (b"bad \xff\xfe bytes", "", "bad \ufffd\ufffd bytes"),
        (b"zero\xe2\x80\x8bwidth \xe2\x80\xaebidi", "", "zerowidth bidi"),
        (b"list[m] of [0] stays", "", "list[m] of [0] stays"),
    ],
)
def test_cleaning_takes_off_stamps_colours_and_markers(raw: bytes, marker: str, text: str) -> None:
    assert clean(raw) == (marker, text)


def test_of_long_lines_beginning_and_end_are_kept() -> None:
    text = clean(b"begin " + b"x y " * CLIP + b"end")[1]
    assert len(text) <= CLIP
    assert text.startswith("begin x")
    assert text.endswith("y end")


def test_long_lines_are_cut_between_words() -> None:
    token = "t" * 40
    text = clean((f"{token} " * 200).encode())[1]
    assert set(text.replace("…", "").split()) == {token}


def test_lines_are_found_again_behind_many_chunks() -> None:
    data = b"".join(b"line %d\r\n" % n for n in range(1, 60_001))
    log = loaded(data)
    assert len(log.starts) > 2
    assert [log.text(n) for n in (1, 30_000, 60_000)] == ["line 1", "line 30000", "line 60000"]
    assert log.text(0) == log.text(60_001) == ""


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_line_longer_than_a_chunk_is_one_line(end: bytes) -> None:
    log = loaded(b"first" + end + b"x" * 3 * CHUNK + end + b"last" + end)
    assert log.last == 3
    assert log.text(3) == "last"


def test_find_and_run_are_bounded_by_the_log() -> None:
    log = loaded(b"head\n at one\n at two\ntail\n")
    frame = re.compile("^ at ")
    assert log.find(frame, 1, 99) == 2
    assert log.find(frame, 99, 1) == 3
    assert log.run(1, frame) == 3
    assert log.run(3, frame) == 3


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"bc", b"0123456789", b"\n", b"\r", b"\r\n"]), max_size=40).map(b"".join))
def test_chunks_of_any_size_give_the_same_lines(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "CHUNK", 12)
        log = loaded(data)
        texts = [log.raw(n) for n in range(1, log.last + 1)]
    whole = re.split(rb"\r\n|\n|\r", data)
    expected = whole[:-1] if not whole[-1] else whole
    # of a line that is longer than a chunk the beginning is kept
    assert [text[:12] for text in texts] == [text[:12] for text in expected]
