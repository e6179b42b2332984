"""Two runs of one cause have one fingerprint; different causes differ."""

from __future__ import annotations

import pytest

from ci_analysis.engine.fingerprint import fingerprint, normalise


def named(message: str, file: str | None = None, tests: tuple[str, ...] = ()) -> str:
    return fingerprint("tool", "test", message, file, tests)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 12.3s", "took 7.1s"),
        ("process 4711 died", "process 815 died"),
        ("at 0x7f82b1845249", "at 0x55e65e2941ce"),
        ("commit 4b825dc642cb6eb9 is gone", "commit 9f86d081884c7d65 is gone"),
        ("/home/runner/work/a/a/src/x.c: bad", "/builds/acme/a/src/x.c: bad"),
        ("2026-01-02T03:04:05Z failed", "2026-11-12T13:14:15Z failed"),
        ("id 123e4567-e89b-12d3-a456-426614174000 lost", "id 00112233-4455-6677-8899-aabbccddeeff lost"),
        ("connect 10.0.0.1:5432 refused", "connect 10.1.2.3:6543 refused"),
        ("two  spaces", "two spaces"),
    ],
)
def test_what_changes_from_run_to_run_is_masked(one: str, other: str) -> None:
    assert named(one) == named(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("E501 line too long", "E502 line too long"),
        ("undefined: parseUser", "undefined: parseOrder"),
        ("HTTP 404 not found", "HTTP 502 not found"),
        ("cannot import name 'a'", "cannot import name 'b'"),
        ("error TS2345: no", "error TS2322: no"),
        ("expected utf8", "expected utf16"),
    ],
)
def test_identity_inside_a_message_is_kept(one: str, other: str) -> None:
    assert named(one) != named(other)


def test_tests_and_file_names_tell_failures_apart_but_not_their_folders() -> None:
    assert named("x", tests=("a::b",)) != named("x", tests=("a::c",))
    assert named("x", "src/a.py") != named("x", "src/b.py")
    assert named("x", "/ci/1/src/a.py") == named("x", "/ci/2/src/a.py")


def test_form_is_versioned_and_of_fixed_length() -> None:
    assert named("x").startswith("f1:")
    assert len(named("x")) == 3 + 32


def test_normalising_twice_changes_nothing() -> None:
    once = normalise("step 3 of 12 at 12:34:56 in /a/b/c.py: 5 MB, id deadbeef01")
    assert normalise(once) == once
