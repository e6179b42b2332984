"""Ends by a signal or a limit: killed, terminated, crashed; time, disk or memory run out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_analysis.engine.categories import Category
from ci_analysis.engine.detectors import CERTAIN, GENERIC, LIKELY, Detector, Diagnostic
from ci_analysis.engine.lines import Log

JOB = re.compile(
    r"^(?P<how>Killed|Terminated|Segmentation fault|Aborted|Bus error|Illegal instruction"
    r"|Floating point exception|Hangup)(?: +\(core dumped\))?(?:  +(?P<command>\S.*))?$"
)
KERNEL = re.compile(
    r"(?:Out of memory: Kill(?:ed)? process \d+ \([^)]+\)|oom-kill:"
    r"|Memory cgroup out of memory|OOMKilled|oom_reaper)"
)
DISK = re.compile(
    r"No space left on device|ENOSPC|Disk quota exceeded|There is not enough space on the disk"
    r"|disk is full|Wrote only \d+ of \d+ bytes|File size limit exceeded",
    re.IGNORECASE,
)
MEMORY = re.compile(
    r"Cannot allocate memory|virtual memory exhausted|std::bad_alloc|^MemoryError\b"
    r"|fatal error: (?:runtime: )?out of memory|cc1plus: out of memory"
    r"|memory allocation of \d+ bytes failed|internal compiler error: Killed",
    re.IGNORECASE,
)
PORT = re.compile(
    r"(?:[Aa]ddress already in use|EADDRINUSE|port is already allocated|bind: Only one usage of each socket)"
)
TIMEOUT = re.compile(r"^timeout: (?:sending signal \w+ to command|the monitored command dumped core)")
WORDS: dict[str, tuple[Category, float, str]] = {
    "Killed": (
        "resource",
        CERTAIN,
        "Most often memory ran out: use fewer workers or a larger runner; `dmesg | tail` after it names the process.",
    ),
    "Terminated": (
        "infrastructure",
        GENERIC,
        (
            "Something stopped it: a time limit, a cancelled job, or the runner's shutdown. Look at what "
            "ended just before."
        ),
    ),
    "Hangup": (
        "infrastructure",
        GENERIC,
        (
            "The terminal of the process went away: the runner was stopped, or the process belongs in the "
            "background with nohup."
        ),
    ),
    "Segmentation fault": (
        "runtime",
        GENERIC,
        (
            "Get a back trace: gdb -batch -ex run -ex bt --args <command>; build with -fsanitize=address "
            "to see the cause."
        ),
    ),
}


LIMITS: tuple[tuple[re.Pattern[str], Category, str, float, str], ...] = (
    (KERNEL, "resource", "The kernel killed a process: out of memory", CERTAIN, WORDS["Killed"][2]),
    (
        DISK,
        "resource",
        "The disk is full",
        CERTAIN,
        "Free space before the step: df -h, docker system prune -af, or remove caches and preinstalled tools.",
    ),
    (
        MEMORY,
        "resource",
        "Memory ran out",
        CERTAIN,
        "Use fewer parallel jobs (make -j2, -n 2) or a larger runner.",
    ),
    (
        PORT,
        "resource",
        "The port is already in use",
        LIKELY,
        "Stop what holds it (ss -ltnp), or let the system choose a free port (port 0).",
    ),
    (
        TIMEOUT,
        "infrastructure",
        "The command took longer than `timeout` allows",
        CERTAIN,
        "Find what it waits for, or raise the limit.",
    ),
)


def find(log: Log, hits: Sequence[int]) -> Iterator[Diagnostic]:
    for number in hits:
        text = log.text(number).strip()
        if job := JOB.match(text):
            yield ended(number, text, job)
            continue
        for pattern, kind, title, confidence, advice in LIMITS:
            if pattern.search(text):
                yield limit(number, kind, title, text, advice, confidence)
                break


def ended(number: int, text: str, job: re.Match[str]) -> Diagnostic:
    kind, confidence, advice = WORDS.get(job["how"], ("runtime", GENERIC, WORDS["Segmentation fault"][2]))
    command = f": {job['command']}" if job["command"] else ""
    return limit(number, kind, f"{job['how']}{command}", text, advice, confidence)


def limit(number: int, kind: Category, title: str, message: str, advice: str, confidence: float) -> Diagnostic:
    return Diagnostic(title[:120], kind, ((number, number),), message, suggestion=advice, confidence=confidence)


DETECTOR = Detector(
    "signal",
    (
        r"Killed\s*$",
        r"Terminated\s*$",
        (
            r"(?:Segmentation fault|Aborted|Bus error|Illegal instruction"
            r"|Floating point exception)(?: \(core dumped\))?\s*$"
        ),
        r"Out of memory: Kill",
        r"oom-kill:",
        r"cgroup out of memory",
        r"OOMKilled",
        r"No space left on device",
        r"ENOSPC",
        r"Disk quota exceeded",
        r"not enough space on the disk",
        r"Wrote only [0-9]+ of",
        r"File size limit exceeded",
        r"Cannot allocate memory",
        r"virtual memory exhausted",
        r"std::bad_alloc",
        r"MemoryError",
        r"out of memory",
        r"memory allocation of [0-9]+ bytes failed",
        r"internal compiler error: Killed",
        r"ddress already in use",
        r"EADDRINUSE",
        r"port is already allocated",
        r"timeout: (?:sending|the monitored)",
    ),
    find,
)
