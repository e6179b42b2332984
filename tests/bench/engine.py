"""Speed and memory of the failure engine on a log of its own making: `python -m tests.bench.engine`.

Beside each figure stands the limit measured in the same run: a plain Hyperscan scan of the same bytes for six keywords.
Peak memory is the highest resident set of a process of its own that maps the file and analyses it.
"""

from __future__ import annotations

import argparse
import json
import mmap
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hyperscan

from ci_analysis.engine import analyze, prepare

KEYWORDS = (b"error", b"fail", b"exception", b"fatal", b"panic", b"traceback")
SIZES = (1_000, 42_000, 100_000, 3_000_000)
MIB = 1 << 20
FLAT_MIB = 150  # the most that the largest log may take

ORDINARY = (
    "Collecting package-{n}==1.{n}.0",
    "  Downloading package_{n}-1.{n}.0-py3-none-any.whl (12 kB)",
    "tests/test_module_{n}.py::test_case_{n} PASSED",
    "[INFO] Compiling {n} source files to /home/runner/work/app/app/target/classes",
    "go: downloading example.org/module/v{n} v0.{n}.1",
    "ok  \texample.org/app/internal/part{n}\t0.{n}s",
    "\x1b[32m✓\x1b[39m renders component {n} ({n} ms)",
    "warning: unused variable `value_{n}`",
    "remote: Counting objects: {n}",
    "cache hit for layer sha256:{n:064x}",
)
SURVIVED = (
    "retrying after error {n}: connection reset",
    "test_error_is_raised_{n} ... ok",
    "WARN deprecated call failed over to {n}",
)
ENDING = (
    "=================================== FAILURES ===================================",
    "_______________________________ test_total ________________________________",
    "E       assert 4 == 5",
    "tests/test_total.py:7: AssertionError",
    "=========================== short test summary info ============================",
    "FAILED tests/test_total.py::test_total - assert 4 == 5",
    "##[error]Process completed with exit code 1.",
    "Post job cleanup.",
)


def lines(count: int) -> Iterator[str]:
    """A job of one long step: ordinary output, one line in ten with words of failure, then a failed test."""
    chance = random.Random(7)  # same log in every run
    yield from ("##[group]Run pytest", "pytest", "shell: /usr/bin/bash -e {0}", "##[endgroup]")
    for number in range(count - 4 - len(ENDING)):
        yield chance.choice(SURVIVED if number % 10 == 9 else ORDINARY).format(n=number)
    yield from ENDING


def write_log(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines(count)):
            file.write(f"2026-05-06T06:{number // 60 % 60:02}:{number % 60:02}.{number % 10**7:07}Z {line}\n")


def analysed(path: Path, baseline: Path | None) -> dict[str, float]:
    """Seconds and peak MiB of one analysis in a fresh process, the patterns compiled beforehand."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.engine",
        "--one",
        str(path),
        *(["--baseline", str(baseline)] if baseline else []),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(result.stdout))


def one(path: Path, baseline: Path | None) -> None:
    prepare()
    start = time.perf_counter()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as log:
        green = baseline.read_bytes() if baseline else b""
        report = analyze(log, baselines=[green] if baseline else [])
    seconds = time.perf_counter() - start
    assert report.failed_tests == ("tests/test_total.py::test_total",), report.failed_tests
    print(json.dumps({"seconds": seconds, "mib": peak_mib(), "lines": report.lines}))


def peak_mib() -> float:
    """Highest resident set since exec; what getrusage tells is inherited from the parent on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


def keyword_scan(path: Path) -> float:
    """Seconds that six caseless keywords take over the file's bytes: the floor for whoever looks at all of them."""
    database = hyperscan.Database()
    database.compile(expressions=list(KEYWORDS), ids=list(range(6)), elements=6, flags=[hyperscan.HS_FLAG_CASELESS] * 6)
    hits: list[int] = []
    log = path.read_bytes()
    start = time.perf_counter()
    database.scan(log, match_event_handler=lambda _i, _s, end, _f, _c: hits.append(end))
    return time.perf_counter() - start


def row(folder: Path, count: int, *, novelty: bool) -> str:
    path = folder / f"{count}.log"
    if not path.exists():
        write_log(path, count)
    baseline = folder / "green.log"
    if novelty and not baseline.exists():
        write_log(baseline, 20_000)
    result = analysed(path, baseline if novelty else None)
    floor = keyword_scan(path)
    return (
        f"{count:>10,}  {'yes' if novelty else 'no':>5}  {result['seconds']:>8.3f}  {count / result['seconds']:>10,.0f}"
        f"  {path.stat().st_size / 1e6 / result['seconds']:>7.1f}  {count / floor:>12,.0f}  {result['mib']:>8.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=Path)
    parser.add_argument("--baseline", type=Path)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.baseline)
        return
    print("     lines  green   seconds     lines/s     MB/s  keyword scan  peak MiB")
    with tempfile.TemporaryDirectory() as name:
        for count in SIZES:
            if count <= arguments.largest:
                print(row(Path(name), count, novelty=False))
        print(row(Path(name), 100_000, novelty=True))


if __name__ == "__main__":
    main()
