"""Runs the processes of `make run`: output with a prefix, an ordered stop, no survivors of a killed run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10.0
LINES_KEPT = 20
COLOURS = (36, 33, 35, 32, 34)


class ProcessFailed(Exception):
    """A process ended, or did not get ready; the message has its last lines."""


@dataclass
class Process:
    """One process with all that it starts. It leads a session, so that Ctrl-C reaches only the supervisor."""

    name: str
    process: subprocess.Popen[bytes]
    reader: threading.Thread
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))

    def failure(self, what: str) -> ProcessFailed:
        said = "\n".join(f"    {line}" for line in self.last_lines)
        return ProcessFailed(f"{self.name} {what}. Its last lines:\n{said or '    (none)'}")

    def has_said(self, text: str) -> bool:
        """Whether `text` is in its last lines. A list first: another thread adds to them."""
        return any(text in line for line in list(self.last_lines))

    def close_output(self) -> None:
        """After its end: waits for the last lines, unless a process that left the session still holds the pipe."""
        self.reader.join(timeout=1)
        if not self.reader.is_alive() and self.process.stdout is not None:
            self.process.stdout.close()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def signal_all(self, number: int) -> None:
        """To the process and its children, some of which may outlive it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Supervisor:
    """`record` is the file with the ids of what runs; `owned` is text that only our command lines contain."""

    def __init__(self, record: Path, owned: str) -> None:
        self.record = record
        self.owned = owned
        self.processes: list[Process] = []
        self.colourful = sys.stdout.isatty()

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        started = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        reader = threading.Thread(target=self._pass_on, args=(len(self.processes),), daemon=True)
        process = Process(name, started, reader)
        self.processes.append(process)
        self.record.write_text(json.dumps([entry.process.pid for entry in self.processes]))
        reader.start()
        return process

    def wait_until(self, process: Process, ready: Callable[[], bool], seconds: float) -> None:
        """Raises ProcessFailed when any process ends before, or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise process.failure(f"was not ready within {seconds:.0f} s")
            time.sleep(0.05)

    def check(self) -> None:
        """Raises ProcessFailed when one of the processes has ended."""
        for process in self.processes:
            if process.ended():
                process.reader.join(timeout=1)
                raise process.failure(f"ended with status {process.process.returncode}")

    def stop(self) -> None:
        """Ends all, the last started first; what does not end in time is killed with its children."""
        for process in reversed(self.processes):
            process.signal_all(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.process.wait(STOP_SECONDS)
            process.signal_all(signal.SIGKILL)
            process.process.wait()
            process.close_output()
        self.processes.clear()
        self.record.unlink(missing_ok=True)

    def end_survivors(self) -> int:
        """Ends what a killed supervisor left running, and returns how many processes that were.

        An id may belong to somebody else by now, so only processes with `owned` in their command line are touched.
        """
        try:
            groups = set(json.loads(self.record.read_text()))
        except (OSError, ValueError):
            return 0
        survivors = [pid for pid, group, command in running() if group in groups and self.owned in command]
        for pid in survivors:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + STOP_SECONDS
        while any(pid in survivors and command for pid, _, command in running()) and time.monotonic() < deadline:
            # Their ports are free when they are gone. A zombie has no command line and holds nothing.
            time.sleep(0.05)
        self.record.unlink()
        return len(survivors)

    def _pass_on(self, index: int) -> None:
        process = self.processes[index]
        prefix = f"{process.name:<8}| "
        if self.colourful:
            prefix = f"\x1b[{COLOURS[index % len(COLOURS)]}m{prefix}\x1b[0m"
        assert process.process.stdout is not None
        for raw in process.process.stdout:
            line = raw.decode(errors="replace").rstrip()
            process.last_lines.append(line)
            print(prefix + line, flush=True)


def running() -> Iterator[tuple[int, int, str]]:
    """Id, process group and command line of all processes. Slim Linux has no ps, macOS has no /proc."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-axo", "pid=,pgid=,command="], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            pid, group, command = line.split(None, 2)
            yield int(pid), int(group), command
        return
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end while its files are read.
        with contextlib.suppress(OSError):
            # The name, in parentheses, may hold anything; state, parent and group follow it.
            group = (folder / "stat").read_text().rpartition(")")[2].split()[2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            yield int(folder.name), int(group), command
