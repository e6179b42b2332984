"""Explains failed CI logs from files: `manage.py analyze build.log --baseline green.log`.

Exit status: 0 a failure was found and explained, 1 the log shows no failure, 2 bad input (stderr says what).
"""

from __future__ import annotations

import contextlib
import json
import mmap
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ci_analysis.engine import Finding, Report, analyze, prepare

NO_FAILURE = 1
BAD_INPUT = 2
EXCERPT_CHARS = 4000


@dataclass(frozen=True)
class Task:
    """One log to analyse, with the green logs of the same job."""

    id: str
    log: Path
    baselines: tuple[Path, ...]


class Command(BaseCommand):
    help = "Find the lines that explain why a CI log failed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        tasks = self.tasks(options)
        prepare()
        reports = (run(task, options["excerpt_chars"]) for task in tasks)
        if options["batch"]:
            for result in reports:
                self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
            return
        results = list(reports)
        for result in results:
            self.show(result, as_json=options["json"])
        if not any(result.report.findings for result in results):
            sys.exit(NO_FAILURE)

    def tasks(self, options: dict[str, Any]) -> list[Task]:
        if bool(options["batch"]) == bool(options["logs"]):
            raise CommandError("give either log files or --batch MANIFEST.jsonl", returncode=BAD_INPUT)
        if options["batch"]:
            return manifest(Path(options["batch"]))
        baselines = tuple(Path(path) for path in options["baseline"])
        return [Task(path, Path(path), baselines) for path in options["logs"]]

    def show(self, result: Result, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False))
        else:
            console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
            print_report(console, result)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("logs", nargs="*", metavar="LOG", help="log of a failed job")
    parser.add_argument(
        "--baseline", action="append", default=[], metavar="LOG", help="log of a green run of the same job; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a log")
    parser.add_argument(
        "--batch", metavar="MANIFEST.jsonl", help='lines of {"id", "log", "baselines"}, paths relative to the manifest'
    )
    parser.add_argument(
        "--excerpt-chars", type=int, default=EXCERPT_CHARS, metavar="N", help="longest excerpt (default 4000)"
    )


@dataclass(frozen=True)
class Result:
    """A report with the id that was asked for and the seconds it took, reading the files included."""

    id: str
    report: Report
    seconds: float

    def as_json(self) -> dict[str, Any]:
        report = self.report
        return {
            "id": self.id,
            "category": report.category,
            "failed_step": report.failed_step,
            "failed_tests": list(report.failed_tests),
            "evidence": [list(lines) for lines in report.evidence],
            "excerpt": report.excerpt,
            "findings": [finding_as_json(finding) for finding in report.findings],
            "lines": report.lines,
            "redactions": dict(report.redactions),
            "seconds": round(self.seconds, 6),
        }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "title": finding.title,
        "category": finding.category,
        "confidence": finding.confidence,
        "lines": [list(lines) for lines in finding.lines],
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "tool": finding.tool,
        "failed_tests": list(finding.failed_tests),
        "fingerprint": finding.fingerprint,
    }


def manifest(path: Path) -> list[Task]:
    """The tasks of a manifest; raises CommandError with the line's number for what is no task."""
    tasks = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            logs = [str(entry["log"]), *map(str, entry.get("baselines") or [])]
            tasks.append(Task(str(entry["id"]), path.parent / logs[0], tuple(path.parent / log for log in logs[1:])))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f'{path}:{number} is not {{"id", "log", "baselines"}}: {error!r}'
            raise CommandError(message, returncode=BAD_INPUT) from error
    return tasks


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {reason(error)}", returncode=BAD_INPUT) from error


def reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def run(task: Task, excerpt_chars: int) -> Result:
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(mapped(task.log))
        baselines = [stack.enter_context(mapped(path)) for path in task.baselines]
        report = analyze(log, baselines=baselines, excerpt_chars=excerpt_chars)
    return Result(task.id, report, time.perf_counter() - start)


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The file's bytes without reading them into memory; an empty file can't be mapped."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {reason(error)}", returncode=BAD_INPUT) from error
    if content is None:
        yield b""
        return
    with content:
        yield content


def print_report(console: Console, result: Result) -> None:
    report = result.report
    console.print(f"[bold]{escape(result.id)}[/bold]  [dim]{report.lines:,} lines, {result.seconds:.2f} s[/dim]")
    if not report.findings:
        console.print("[green]no failure found[/green]")
        return
    where = f", in step [bold]{escape(report.failed_step.splitlines()[0])}[/bold]" if report.failed_step else ""
    console.print(f"[red]{report.category}[/red] failure{where}")
    for finding in report.findings:
        print_finding(console, finding)
    if report.failed_tests:
        console.print(f"\nfailed tests: {len(report.failed_tests)}")
        for name in report.failed_tests[:20]:
            console.print(Text(f"  {name}"))
    hidden = sum(report.redactions.values())
    if hidden:
        console.print(f"\n[yellow]{hidden} secrets hidden[/yellow]")


def print_finding(console: Console, finding: Finding) -> None:
    place = "".join(f":{part}" for part in (finding.line, finding.column) if part is not None)
    console.print()
    console.print(Text.assemble(("● ", "red"), (finding.title, "bold"), (f"  {finding.confidence:.0%}", "dim")))
    if finding.file:
        console.print(Text(f"  {finding.file}{place}", style="cyan"))
    for line in finding.excerpt:
        style = "red" if line.evidence else "dim"
        console.print(Text.assemble((f"  {line.number:>7} ", "dim"), (line.text, style)))
    if finding.suggestion:
        console.print(Text(f"  → {finding.suggestion}", style="green"))
