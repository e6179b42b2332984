"""What the Makefile calls: `python3 -m sandbox.run COMMAND`.

    dev                   `make run`
    tool MODULE ...       a module of the environment, such as pytest
    served MODULE ...     the same, with DATABASE_URL, REDIS_URL and PATH leading to the servers of the tests
    stop                  ends what killed runs left behind

Standard library only, and plain enough that an old Python gets as far as the message that it is too old.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "FixCI needs Python 3.11 or newer; this is %d.%d. Name another one: make ... PYTHON=python3.12"  # noqa: UP031
        % sys.version_info[:2]
    )

import os
import subprocess
from pathlib import Path

from sandbox import bootstrap, servers
from sandbox.binaries import ServerError, postgres_programs
from sandbox.demo import AlreadyRunning, PortTaken, run_demo, stop_leftovers
from sandbox.supervisor import ProcessFailed

COMMANDS = ("dev", "tool", "served", "stop")
FAILURES = (bootstrap.BootstrapError, ServerError, ProcessFailed, PortTaken, AlreadyRunning)


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        python = bootstrap.ensure_venv()
        if arguments[0] != "tool" and Path(sys.prefix) != bootstrap.VENV:
            # The servers' binaries are found among the packages of the environment.
            os.execv(python, [str(python), "-m", "sandbox.run", *arguments])
        return run(python, *arguments)
    except FAILURES as error:
        print(f"\nFixCI: {error}", file=sys.stderr)
        return 1


def run(python: Path, command: str, *arguments: str) -> int:
    if command == "dev":
        return run_demo(python)
    if command == "stop":
        stop_leftovers(python)
        return 0
    if command == "tool":
        return module(python, arguments, {})
    running = servers.start("test")
    try:
        return module(python, arguments, environment())
    finally:
        running.stop()


def environment() -> dict[str, str]:
    return {
        "DATABASE_URL": os.environ.get("DATABASE_URL", servers.database_url("test")),
        "REDIS_URL": os.environ.get("REDIS_URL", servers.redis_url("test")),
        # pg_dump, for the check of the schema
        "PATH": f"{postgres_programs()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def module(python: Path, arguments: tuple[str, ...], extra: dict[str, str]) -> int:
    """Runs a module of the environment; its status is ours, 130 after Ctrl-C."""
    process = subprocess.Popen([str(python), "-m", *arguments], env={**os.environ, **bootstrap.KEEP_COMPILED, **extra})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The module got it too, from the terminal, and ends in its own way.
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
