"""The one pass over the bytes keeps bounded numbers of lines, and the right ones."""

from __future__ import annotations

from ci_analysis.engine import analyze
from ci_analysis.engine.scan import KEEP, MAX_PINS, scan
from tests.engine.logs import job, step

NOISE = ["retrying: connection failed"] * (3 * KEEP)


def test_lines_are_kept_once_and_in_order() -> None:
    hits = scan(b"error error failed\nfine\nfatal error\n", ()).hits["word"]
    assert hits == [1, 3]


def test_the_number_of_kept_lines_does_not_grow_with_the_log() -> None:
    hits = scan(b"error: no\n" * 20 * KEEP, ()).hits["word"]
    assert len(hits) == 2 * KEEP
    assert hits[0] == 1
    assert hits[-1] == 20 * KEEP


def test_many_error_marks_do_not_grow_it_without_bound() -> None:
    block = b"error: no\n" * (KEEP + 1) + b"##[error]no\n"
    hits = scan(block * 3 * MAX_PINS, ()).hits["word"]
    assert len(hits) <= (MAX_PINS + 2) * KEEP
    assert hits == sorted(set(hits))


def test_a_failure_between_much_noise_is_found() -> None:
    log = job(
        step("setup", *NOISE),
        step("make", *NOISE, "a.c:3:5: error: expected ';'", exit_code=2),
        step("docker compose logs || true", *NOISE),
    )
    assert analyze(log).findings[0].file == "a.c"
