"""New lines: what no green log has."""

from __future__ import annotations

import pytest

from ci_analysis.engine import analyze
from ci_analysis.engine.novelty import hashes
from tests.engine.logs import job, step


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"2026-05-06T06:03:18.5530184Z ok in 3.2s", b"2026-06-07T16:13:28.0530185Z ok in 13.9s"),
        (b"commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904", b"commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        (b"cloned to /tmp/tmpab12cd", b"cloned to /tmp/tmpxy98zz"),
        (b"\x1b[32mgreen\x1b[0m", b"green"),
        (b"with stamp", b"2026-05-06T06:03:18.5530184Z with stamp"),
    ],
)
def test_lines_that_differ_by_run_only_have_one_hash(one: bytes, other: bytes) -> None:
    assert hashes(one) == hashes(other)


def test_different_lines_differ() -> None:
    assert hashes(b"undefined: parseUser") != hashes(b"undefined: parseOrder")


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        (b"a\n\nb\n", 3),
        (b"a\n\nb", 3),
        (b"a\n2026", 2),  # found by fuzzing: nothing of the last line is left
        (b"a\n\n", 2),
        (b"\x1b]0;title without end\nb\n", 2),
    ],
)
def test_one_hash_a_line(piece: bytes, count: int) -> None:
    assert len(hashes(piece)) == count


def test_an_error_that_the_green_log_has_too_is_no_evidence() -> None:
    survived = "error: optional probe failed"
    log = job(step("make", survived, "link error: libfoo is gone", exit_code=1))
    green = job(step("make", survived, "linked"))
    lines = log.decode().splitlines()
    marked = [lines[n - 1] for first, last in analyze(log, baselines=[green]).evidence for n in range(first, last + 1)]
    assert any("libfoo" in line for line in marked)
    assert not any(survived in line for line in marked)


def test_green_logs_of_another_job_are_left_aside() -> None:
    words = [f"{a}{b} {c} is built" for a in "klmnopq" for b in "rstuvwx" for c in "abcdefg"]
    log = job(step("make", *words, "x.c:1:2: error: no", exit_code=1))
    stranger = job(step("npm ci", "added packages"))
    assert analyze(log, baselines=[stranger]) == analyze(log)


def test_a_failure_in_words_that_green_logs_have_too_is_still_explained() -> None:
    said = "ERROR: connection reset by peer"
    log = job(step("make", "linking", said, exit_code=1))
    assert analyze(log, baselines=[job(step("make", "linking", said, "retried"))]).findings[0].message == said
