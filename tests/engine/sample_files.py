"""Samples of tool output: a header of `key: value` lines, a line `---`, the raw bytes as the tool printed them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_analysis.engine import Report

FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    """`expect` holds any of category, title_contains, message_contains, file, line, column, failed_tests,
    evidence_contains and none (true: the output of a run without failure)."""

    name: str
    command: str
    exit: int
    expect: dict[str, Any]
    output: bytes


def load() -> list[Sample]:
    return [read(path) for path in sorted(FOLDER.glob("*/*.sample"))]


def read(path: Path) -> Sample:
    head, _, output = path.read_bytes().partition(b"\n---\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    return Sample(
        name=f"{path.parent.name}/{path.stem}",
        command=fields["command"],
        exit=int(fields["exit"]),
        expect=json.loads(fields["expect"]),
        output=output,
    )


def in_actions(sample: Sample) -> bytes:
    """The output as a step of a GitHub Actions job, with steps before and after it."""
    end = [] if sample.exit == 0 else [f"##[error]Process completed with exit code {sample.exit}."]
    lines = [
        "##[group]Run actions/checkout@v4",
        "with:",
        "##[endgroup]",
        "Syncing repository: acme/app",
        f"##[group]Run {sample.command.splitlines()[0]}",
        sample.command.splitlines()[0],
        "shell: /usr/bin/bash -e {0}",
        "##[endgroup]",
        *sample.output.decode("utf-8", "replace").splitlines(),
        *end,
        "Post job cleanup.",
        "Cleaning up orphan processes",
    ]
    stamped = (f"2026-05-06T06:{n // 3600:02}:{n // 60 % 60:02}.{n % 60:07}Z {line}" for n, line in enumerate(lines))
    return "\n".join(stamped).encode()


def mistakes(sample: Sample, log: bytes, report: Report) -> list[str]:
    """What the report gets wrong about the sample, one sentence each."""
    expect = sample.expect
    if expect.get("none"):
        return [f"reported {f.title!r} on a green run" for f in report.findings]
    wrong = []
    if "category" in expect and report.category != expect["category"]:
        wrong.append(f"category is {report.category}, expected {expect['category']}")
    if "failed_tests" in expect and set(report.failed_tests) != set(expect["failed_tests"]):
        wrong.append(f"failed tests are {sorted(report.failed_tests)}, expected {sorted(expect['failed_tests'])}")
    one_finding = {"title_contains", "message_contains", "file", "line", "column"} & expect.keys()
    if one_finding and not any(fits(finding, expect) for finding in report.findings):
        said = [(f.title, f.message[:120], f.file, f.line, f.column) for f in report.findings]
        wrong.append(f"no finding has { ({k: expect[k] for k in sorted(one_finding)}) }: {said}")
    lines = log.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    marked = "\n".join("\n".join(lines[first - 1 : last]) for first, last in report.evidence)
    wrong += [f"evidence lacks {text!r}" for text in expect.get("evidence_contains", []) if text not in marked]
    return wrong


def fits(finding: Any, expect: dict[str, Any]) -> bool:
    return (
        expect.get("title_contains", "") in finding.title
        and expect.get("message_contains", "") in finding.message
        and all(getattr(finding, name) == expect[name] for name in ("file", "line", "column") if name in expect)
    )
