"""Category of what no detector knows: by its words, by its step, by its surroundings."""

from __future__ import annotations

import pytest

from ci_analysis.engine.classify import classify


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("write error: No space left on device", "resource"),
        ("listen EADDRINUSE: address already in use :::8080", "resource"),
        ("The operation was canceled.", "infrastructure"),
        ("The requested URL returned error: 403", "permission"),
        ("curl: (6) Could not resolve host: example.org", "network"),
        ("CONFLICT (content): Merge conflict in app.txt", "vcs"),
        ("npm error ERESOLVE unable to resolve dependency tree", "dependency"),
        ("ModuleNotFoundError: No module named 'shelf'", "dependency"),
        ("the lockfile would have been modified, which is forbidden", "dependency"),
        ("build.sh: line 3: frobnicate: command not found", "configuration"),
        ("error TS2345: Argument of type", "types"),
        ("src/A.java:1: error: cannot find symbol", "compile"),
        ("error: expected ';' before 'return'", "compile"),
        ("AssertionError: expected 1 to be 2", "test"),
        ("would reformat app.py", "lint"),
        ("panic: index out of range", "runtime"),
        ("it is raining", "unknown"),
    ],
)
def test_words_of_the_message_decide(message: str, category: str) -> None:
    assert classify(message) == category


@pytest.mark.parametrize(
    ("step", "category"),
    [
        ("Run mypy .", "types"),
        ("Run eslint src", "lint"),
        ("Run pytest -q", "test"),
        ("Run npm ci", "dependency"),
        ("Run make", "compile"),
        ("Run git push origin main", "vcs"),
        ("Run ./frobnicate", "unknown"),
    ],
)
def test_else_the_command_of_the_step(step: str, category: str) -> None:
    assert classify("it is raining", "", step) == category


def test_surroundings_come_before_a_step_that_may_do_anything_and_after_one_that_tests() -> None:
    around = "connection refused"
    assert classify("it is raining", around, "Run make") == "network"
    assert classify("it is raining", around, "Run pytest") == "test"


def test_else_the_files_ending() -> None:
    assert classify("it is raining", "", "", "src/a.rs") == "compile"
    assert classify("it is raining", "", "", "notes.txt") == "unknown"
