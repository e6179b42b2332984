"""What holds for any bytes at all."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_analysis.engine import analyze
from tests.engine.logs import job, step

FRAGMENTS = [
    b"2026-05-06T06:03:18.5530184Z ",
    b"##[group]Run make",
    b"shell: bash",
    b"##[endgroup]",
    b"##[error]Process completed with exit code 1.",
    b"##[error]",
    b"Post job cleanup.",
    b"error: x",
    b"Traceback (most recent call last):",
    b'  File "a.py", line 1, in f',
    b"ValueError: x",
    b"FAILED tests/a.py::test_b - assert 1 == 2",
    b"___ test_b ___",
    b"E   assert 1 == 2",
    b"a.c:1:2: error: y",
    b"java.lang.IllegalStateException: z",
    b"\tat com.acme.A.b(A.java:3)",
    b'The command "make" exited with 1.',
    b"\xff\x00\xfe",
    b"\x1b[31m",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\xef\xbb\xbf",
    b"ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6",
    b"-----BEGIN PRIVATE KEY-----",
]
LOGS = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.one_of(
            st.sampled_from(FRAGMENTS), st.sampled_from(FRAGMENTS).map(lambda part: part + b"\n"), st.binary(max_size=8)
        ),
        max_size=40,
    ).map(b"".join),
)
few = settings(max_examples=60, deadline=None)


@few
@given(LOGS, st.lists(LOGS, max_size=2), st.integers(-5, 300))
def test_any_bytes_give_a_bounded_report(log: bytes, baselines: list[bytes], chars: int) -> None:
    report = analyze(log, baselines=baselines, excerpt_chars=chars)
    lines = len(re.split(rb"\r\n|\n|\r", log)) - log.endswith((b"\n", b"\r")) if log else 0
    assert report.lines == lines
    assert len(report.excerpt) <= max(0, chars)
    ranges = [*report.evidence, *(r for f in report.findings for r in f.lines)]
    assert all(1 <= first <= last <= lines for first, last in ranges)
    assert all(1 <= line.number <= lines for f in report.findings for line in f.excerpt)
    assert all(0 <= f.confidence <= 1 for f in report.findings)
    assert (report.category is None) == (not report.findings)


@few
@given(LOGS)
def test_same_input_same_report(log: bytes) -> None:
    assert analyze(log) == analyze(log)


@few
@given(st.lists(st.sampled_from([f for f in FRAGMENTS if b"\n" not in f and b"\r" not in f]), max_size=30))
def test_line_ends_make_no_difference(lines: list[bytes]) -> None:
    lf, crlf, cr = (analyze(end.join([*lines, b"end"]) + end) for end in (b"\n", b"\r\n", b"\r"))
    assert lf == crlf == cr


@few
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_escape_sequence_or_marker_reaches_a_report(text: str) -> None:
    report = analyze(job(step("make", f"error: \x1b[31m{text}\x1b]8;;x\x07", exit_code=1)))
    shown = report.excerpt + "".join(f.title + f.message for f in report.findings)
    assert "\x1b" not in shown
    assert "\x07" not in shown
