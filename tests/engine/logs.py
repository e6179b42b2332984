"""Small CI logs of the test's own making."""

from __future__ import annotations

from collections.abc import Sequence


def stamped(lines: Sequence[str], *, start: int = 0) -> bytes:
    """The lines as GitHub Actions stores them, with a time stamp each."""
    stamps = (f"2026-05-06T06:{n // 60 % 60:02}:{n % 60:02}.{n:07}Z " for n in range(start, start + len(lines)))
    return "".join(f"{stamp}{line}\n" for stamp, line in zip(stamps, lines, strict=True)).encode()


def step(command: str, *output: str, exit_code: int = 0) -> list[str]:
    """One step of a job: header group, output, and the runner's last word if it failed."""
    end = [f"##[error]Process completed with exit code {exit_code}."] if exit_code else []
    return [f"##[group]Run {command}", command, "shell: /usr/bin/bash -e {0}", "##[endgroup]", *output, *end]


def job(*steps: Sequence[str]) -> bytes:
    """A whole job's log."""
    lines = [line for one in steps for line in one]
    return stamped([*lines, "Post job cleanup.", "Cleaning up orphan processes"])
