"""Real Celery workers, started in a moment and killed on demand.

A mother process imports everything once and forks a worker for each line "start N LEASE" on its standard input. A
worker that is doomed counts its effects, that is every commit, every message to the broker and every call that
changes something at GitHub, and sends itself SIGKILL right after effect N (0: never). The mother answers with a line
"started PID", later with "ended PID STATUS".
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent.parent
# A signal that Celery leaves alone; workers inherit the mother's handler.
DOOM = signal.SIGWINCH
DOOMED = threading.Event()


class Mother:
    """Used in the test process: `start` forks a worker, `ended` waits for one to die."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            cwd=PROJECT,
            env=os.environ | environment | {"PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.running: set[int] = set()
        self.ends: dict[int, int] = {}

    def start(self, *, dies_after_effect: int = 0, lease_seconds: int = 240) -> int:
        """The process id of a new worker. It only begins to count its effects when it is doomed."""
        assert self.process.stdin
        self.process.stdin.write(f"start {dies_after_effect} {lease_seconds}\n")
        while True:
            word, pid, *status = self._line(30)
            if word == "started":
                self.running.add(int(pid))
                return int(pid)
            self.ends[int(pid)] = int(status[0])

    def doom(self, pid: int) -> None:
        os.kill(pid, DOOM)

    def ended(self, pid: int, *, within: float = 0) -> bool:
        """Whether the worker has ended, waiting for it up to so many seconds."""
        while pid not in self.ends and self._readable(within):
            _, number, status = self._line(5)
            self.ends[int(number)] = int(status)
        return pid in self.ends

    def stop(self, pid: int) -> None:
        if not self.ended(pid):
            os.kill(pid, signal.SIGKILL)
            assert self.ended(pid, within=10)

    def close(self) -> None:
        for pid in self.running - self.ends.keys():
            self.stop(pid)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()

    def _readable(self, seconds: float) -> bool:
        assert self.process.stdout
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def _line(self, seconds: float) -> list[str]:
        assert self.process.stdout
        assert self._readable(seconds), "the mother of the workers does not answer"
        line = self.process.stdout.readline()
        assert line, "the mother of the workers has died"
        return line.split()


def _count_effects(limit: int) -> None:
    """Makes this process kill itself after so many effects, counted from its doom on."""
    import httpx
    from django.db.backends.base.base import BaseDatabaseWrapper
    from kombu import Producer

    seen = 0
    lock = threading.Lock()

    def effect() -> None:
        nonlocal seen
        if not DOOMED.is_set():
            return
        with lock:
            seen += 1
            if seen == limit:
                os.kill(os.getpid(), signal.SIGKILL)

    wrapper: Any = BaseDatabaseWrapper  # its stubs leave out _commit
    commit, publish, send = wrapper._commit, Producer.publish, httpx.Client.send

    def counted_commit(self):  # type: ignore[no-untyped-def]
        commit(self)
        effect()

    def counted_publish(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        result = publish(self, *args, **kwargs)
        effect()
        return result

    def counted_send(self, request, **kwargs):  # type: ignore[no-untyped-def]
        response = send(self, request, **kwargs)
        if request.method != "GET":
            effect()
        return response

    wrapper._commit = counted_commit
    Producer.publish, httpx.Client.send = counted_publish, counted_send  # type: ignore[method-assign]


def _work(limit: int, lease_seconds: int) -> None:
    from django.conf import settings

    from config.celery import app

    settings.LEASE_SECONDS = lease_seconds
    if limit:
        _count_effects(limit)
    app.worker_main(
        ["worker", "--pool=solo", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    )


def _fork(limit: int, lease_seconds: int) -> None:
    pid = os.fork()
    if pid:
        print("started", pid, flush=True)
        return
    # The mother's pipes are hers alone.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.setsid()
    _work(limit, lease_seconds)
    os._exit(0)


def _mother() -> None:
    import celery.bin.celery
    import django

    django.setup()
    from ci_analysis import engine, tasks

    assert celery.bin.celery, tasks  # imported once, for all workers
    signal.signal(DOOM, lambda *_: DOOMED.set())
    engine.analyze(b"##[error]warm up\n")
    buffer = ""
    while True:
        if select.select([sys.stdin], [], [], 0.02)[0]:
            line = os.read(sys.stdin.fileno(), 1000).decode()
            if not line:
                return
            buffer += line
            *commands, buffer = buffer.split("\n")
            for command in commands:
                _, limit, lease_seconds = command.split()
                _fork(int(limit), int(lease_seconds))
        _report_ends()


def _report_ends() -> None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    if pid:
        print("ended", pid, status, flush=True)


if __name__ == "__main__":
    _mother()
