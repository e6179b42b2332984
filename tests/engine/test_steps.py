"""Which step failed."""

from __future__ import annotations

import pytest

from ci_analysis.engine import analyze
from ci_analysis.engine.scan import scan
from ci_analysis.engine.steps import failed, find_steps
from tests.engine.logs import job, stamped, step

CHECKOUT = step("actions/checkout@v4", "Syncing repository: acme/app")


def failing_names(log: bytes, names: tuple[str, ...] = ()) -> list[str]:
    return [one.name for one in failed(find_steps(scan(log, ())), names)]


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (job(CHECKOUT, step("make test", "boom", exit_code=2)), ["Run make test"]),
        (job(CHECKOUT, step("make test", "fine")), []),
        # what always() runs afterwards and fails too is not the cause
        (
            job(step("make", "boom", exit_code=2), step("actions/upload-artifact@v4", "##[error]No files were found")),
            ["Run make"],
        ),
        # a step that may fail is followed by one that may not
        (job(step("bash advisory.sh", "hm", exit_code=1), step("pytest", "boom", exit_code=1)), ["Run pytest"]),
        # a group that the tool opened itself is no step
        (
            job(step("make", "##[group]Run unit tests", "unit 1 ok", "unit 2 broke", "##[endgroup]", exit_code=1)),
            ["Run make"],
        ),
        # an action that says itself what is wrong
        (job(step("acme/deploy@v1", "##[error]No token given")), ["Run acme/deploy@v1"]),
    ],
)
def test_failing_step_of_github_actions(log: bytes, expected: list[str]) -> None:
    assert failing_names(log) == expected


def test_the_services_own_record_decides() -> None:
    log = job(step("bash first.sh", "a", exit_code=1), step("bash second.sh", "b", exit_code=1))
    assert failing_names(log, ("Run bash first.sh",)) == ["Run bash first.sh"]
    assert analyze(log, failed_steps=["bash first.sh"]).failed_step == "Run bash first.sh"


def test_a_report_tells_where_the_failed_step_begins() -> None:
    log = job(CHECKOUT, step("make", "boom", exit_code=1))
    assert analyze(log).failed_step_line == len(CHECKOUT) + 1
    assert analyze(b"ERROR: boom\n").failed_step_line is None


def test_unknown_names_in_the_record_change_nothing() -> None:
    log = job(step("make", "boom", exit_code=1))
    assert failing_names(log, ("Some display name",)) == ["Run make"]


def test_travis_commands_are_steps() -> None:
    log = (
        b'$ npm ci\nok\nThe command "npm ci" exited with 0.\n$ npm test\nAssertionError: 1 == 2\n'
        b'The command "npm test" exited with 1.\n\nDone. Your build exited with 1.\n'
    )
    assert failing_names(log) == ["npm test"]
    assert analyze(log).failed_step == "npm test"


def test_sections_of_azure_pipelines_are_steps() -> None:
    log = stamped(
        [
            "##[section]Starting: Install",
            "fine",
            "##[section]Finishing: Install",
            "##[section]Starting: Unit tests",
            "ERROR: shelf is empty",
            "##[error]Bash exited with code '1'.",
            "##[section]Finishing: Unit tests",
        ]
    )
    assert failing_names(log) == ["Unit tests"]
    assert analyze(log).findings[0].message == "ERROR: shelf is empty"


def test_travis_runs_all_commands_whether_one_fails_or_not() -> None:
    commands = ("lint", "test", "docs")
    log = "".join(f'ERROR: {name}\nThe command "{name}" exited with {name != "docs":d}.\n' for name in commands)
    assert failing_names(log.encode()) == ["lint", "test"]
    assert [f.message for f in analyze(log.encode()).findings] == ["ERROR: lint", "ERROR: test"]


def test_step_names_do_not_reach_into_the_command() -> None:
    log = stamped(
        [
            "##[group]Run echo one",
            "echo one",
            "echo two",
            "shell: bash",
            "##[endgroup]",
            "x",
            "##[error]Process completed with exit code 1.",
        ]
    )
    assert failing_names(log) == ["Run echo one"]
