"""`make run`: servers, stand-in GitHub, dashboard, worker and beat, started in order, stopped in reverse."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from sandbox import servers
from sandbox.binaries import last_lines
from sandbox.bootstrap import KEEP_COMPILED
from sandbox.supervisor import Process, ProcessFailed, Supervisor

HOST = "127.0.0.1"
READY_SECONDS = 60.0
# How often the processes and servers are looked at.
WATCH_SECONDS = 1.0

# Both in one process: importing the applications takes a second.
PREPARE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("demo")
"""


class PortTaken(Exception):
    """Another program listens where we want to."""


class AlreadyRunning(Exception):
    """A second `make run` in the same folder."""


class Stopped(Exception):
    """Ctrl-C, or a signal that asks to end."""


def run_demo(python: Path) -> int:
    """Runs until Ctrl-C (status 0). Raises ServerError, ProcessFailed, PortTaken or AlreadyRunning.

    Whatever happens, all that was started is stopped before it returns.
    """
    port, github_port = int(os.environ.get("PORT", "8000")), int(os.environ.get("GITHUB_PORT", "8010"))
    servers.run_folder().mkdir(exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    with only_one(), contextlib.suppress(Stopped):
        supervisor = end_survivors(python)
        check_ports(port, github_port)
        demo = Demo(python, supervisor, port, github_port)
        try:
            demo.start()
            demo.watch()
        finally:
            demo.stop()
    return 0


def end_survivors(python: Path) -> Supervisor:
    """Returns a supervisor that nothing of an earlier one stands in the way of."""
    supervisor = Supervisor(servers.run_folder() / "processes.json", owned=str(python))
    if ended := supervisor.end_survivors():
        print(f"Ended {ended} processes that a killed run had left behind.", flush=True)
    return supervisor


def stop_leftovers(python: Path) -> None:
    """Ends what killed runs left. Raises AlreadyRunning or ServerError when it is still in use."""
    with only_one():
        end_survivors(python)
        servers.stop_all()


class Demo:
    def __init__(self, python: Path, supervisor: Supervisor, port: int, github_port: int) -> None:
        self.python, self.supervisor = str(python), supervisor
        self.port, self.github_port = port, github_port
        self.servers: servers.Servers | None = None
        self.began = time.monotonic()
        self.environment = {
            "DATABASE_URL": os.environ.get("DATABASE_URL", servers.database_url("dev")),
            "REDIS_URL": os.environ.get("REDIS_URL", servers.redis_url("dev")),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "PUBLIC_URL": f"http://{HOST}:{port}",
            "PYTHONUNBUFFERED": "1",
            **KEEP_COMPILED,
        }

    def start(self) -> None:
        self.say("starting PostgreSQL and Valkey")
        self.servers = servers.start("dev")
        stand_in = self.start_github()
        self.step("migrating the database and filling in the demo data", "-c", PREPARE)
        self.say("starting dashboard, worker and beat")
        self.start_processes()
        self.say_where(stand_in)

    def start_github(self) -> bool:
        """The stand-in, unless the environment has the keys of a real GitHub App."""
        if os.environ.get("GITHUB_APP_ID"):
            return False
        self.say("starting the stand-in GitHub")
        keys = servers.run_folder() / "github-app.env"
        keys.unlink(missing_ok=True)
        options = {
            "--port": str(self.github_port),
            "--state": str(servers.run_folder() / "github.json"),
            "--webhook-url": f"http://{HOST}:{self.port}/github/webhook",
            "--write-env": str(keys),
        }
        arguments = [part for option in options.items() for part in option]
        stand_in = self.process("github", "-m", "sandbox.github", *arguments)
        self.supervisor.wait_until(stand_in, lambda: keys.exists() and listens(self.github_port), READY_SECONDS)
        self.environment |= read_environment(keys)
        return True

    def start_processes(self) -> None:
        """Returns when the dashboard answers and the worker takes tasks."""
        gunicorn = f"-m gunicorn config.wsgi --bind {HOST}:{self.port} --worker-class gthread --threads 4"
        web = self.process("web", *gunicorn.split(), "--log-level", "warning")
        celery = ["-m", "celery", "--quiet", "-A", "config.celery"]
        worker = self.process(
            "worker", *celery, *["worker", "--concurrency", "2", "--loglevel", "INFO", "--without-mingle"]
        )
        self.supervisor.wait_until(web, self.answers, READY_SECONDS)
        # Last, since it is in no hurry, and two processes that import at the same time fill two cores.
        schedule = str(servers.run_folder() / "beat-schedule")
        self.process("beat", *celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "INFO")
        self.supervisor.wait_until(worker, lambda: worker.has_said(" ready."), READY_SECONDS)

    def watch(self) -> None:
        """Returns never: raises Stopped, or ProcessFailed when something ended by itself."""
        assert self.servers is not None
        while True:
            self.supervisor.check()
            for server in self.servers.running:
                if not server.answers():
                    said = "\n".join(f"    {line}" for line in last_lines(server.log))
                    raise ProcessFailed(f"{type(server).__name__} has gone. The end of {server.log}:\n{said}")
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # All is bounded in time from here on; a second Ctrl-C must not leave half of it running.
            signal.signal(number, signal.SIG_IGN)
        print("\nStopping ...", flush=True)
        self.supervisor.stop()
        if self.servers is not None:
            self.servers.stop()
        print("Stopped.", flush=True)

    def process(self, name: str, *arguments: str) -> Process:
        return self.supervisor.start(name, [self.python, *arguments], self.environment)

    def step(self, what: str, *arguments: str) -> None:
        """Runs a command to its end. Raises ProcessFailed with the end of its output."""
        self.say(what)
        done = subprocess.run(
            [self.python, *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-20:])
            raise ProcessFailed(f"{what} ended with status {done.returncode}:\n{said}")

    def answers(self) -> bool:
        """Whether the dashboard's first page is there; an error page is not."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=READY_SECONDS)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self.began:5.1f} s  {what}", flush=True)

    def say_where(self, stand_in: bool) -> None:
        self.say("ready")
        lines = [
            "",
            f'  Dashboard        http://{HOST}:{self.port}/   sign in with the button "Sign in as the demo user"',
            f'  Stand-in GitHub  http://{HOST}:{self.github_port}/   press "this run fails" and watch the pull request',
            "  Ctrl-C stops everything.",
            "",
        ]
        print("\n".join(line for line in lines if stand_in or "Stand-in" not in line), flush=True)


def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Held until this process ends, however it ends. Raises AlreadyRunning."""
    with (servers.run_folder() / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(f"`make run` is already running here (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_ports(port: int, github_port: int) -> None:
    """Raises PortTaken with the way out."""
    for name, number in (("PORT", port), ("GITHUB_PORT", github_port)):
        with socket.socket() as probe:
            # As servers do: a port whose last connection is still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise PortTaken(
                    f"Port {number} is taken by another program ({error.strerror})."
                    f" Stop that, or choose another port: make run {name}={number + 1}"
                ) from error


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def read_environment(file: Path) -> dict[str, str]:
    """NAME=value lines; comments and empty lines are left out."""
    lines = [line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
