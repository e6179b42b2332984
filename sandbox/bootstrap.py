"""Makes .venv from requirements-dev.lock, when that changed. Needs Python 3.11+ and nothing else."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = PROJECT / "requirements-dev.lock"
# Written last: a .venv without it is half made.
STAMP = VENV / "installed-from"
# `pip --python` came with 22.3.
PIP_FOR_OTHERS = (22, 3)

# Nothing is compiled when it is installed, so what is imported must be kept: the next start takes a third of the time.
KEEP_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def ensure_venv() -> Path:
    """Returns the Python of an environment that holds just what the lock file names. Raises BootstrapError."""
    with alone():
        if not is_current():
            began = time.monotonic()
            print(
                "Installing the packages of requirements-dev.lock into .venv (about half a minute) ...",
                flush=True,
            )
            if not can_be_updated():
                make_venv()
            STAMP.unlink(missing_ok=True)
            install(LOCK.read_text())
            remove_what_is_not_in(LOCK.read_text())
            STAMP.write_text(fingerprint())
            print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return PYTHON


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two commands at once on a fresh clone: the second waits for the first."""
    folder = PROJECT / ".run"
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "bootstrap.lock").open("a")
    except PermissionError as error:
        raise BootstrapError(f"{folder} belongs to another user. Run as that user, or remove it ({error}).") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint() -> str:
    """What the environment was made from: the lock, the Python, and the place (its scripts name it)."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {version} {VENV}\n"


def is_current() -> bool:
    return STAMP.exists() and PYTHON.exists() and STAMP.read_text() == fingerprint()


def can_be_updated() -> bool:
    """Whole, made by this Python in this place, only from another lock."""
    return STAMP.exists() and PYTHON.exists() and STAMP.read_text().split(" ", 1)[-1] == fingerprint().split(" ", 1)[-1]


def make_venv() -> None:
    """A fresh .venv; on Debian without python3-venv by the pip of the system. Raises BootstrapError."""
    shutil.rmtree(VENV, ignore_errors=True)
    # Called from inside an environment (an editor's terminal), the base interpreter is the one to build on.
    python = getattr(sys, "_base_executable", sys.executable)
    whole = run([python, "-m", "venv", str(VENV)])
    if whole.returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    bare = run([python, "-m", "venv", "--without-pip", str(VENV)])
    if bare.returncode != 0 or system_pip(python) < PIP_FOR_OTHERS:
        shutil.rmtree(VENV, ignore_errors=True)
        raise BootstrapError(
            "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv\n"
            + indented(whole.stdout + whole.stderr)
        )


def system_pip(python: str) -> tuple[int, int]:
    """The version of the pip that belongs to `python`; (0, 0) when there is none."""
    found = re.match(r"pip (\d+)\.(\d+)", run([python, "-m", "pip", "--version"]).stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def pip() -> list[str]:
    """The environment's own pip, or the system's one working for it."""
    if (VENV / "bin" / "pip").exists():
        return [str(PYTHON), "-m", "pip"]
    return [getattr(sys, "_base_executable", sys.executable), "-m", "pip", "--python", str(PYTHON)]


def install(lock: str) -> None:
    """Installs the lock's requirements by several pips: the work is unpacking, and one pip uses one core.

    Modules are not compiled beforehand: most are never imported. Raises BootstrapError.
    """
    # --no-deps: the lock is complete, and pip 23 takes an extra in hash mode for an unpinned requirement.
    options = [
        "-qq",
        "--no-deps",
        "--require-hashes",
        "--no-compile",
        "--no-input",
        "--disable-pip-version-check",
    ]
    parts = [VENV / f"part-{number}.lock" for number in range(min(os.cpu_count() or 1, 4))]
    for part, text in zip(parts, split(lock, len(parts)), strict=True):
        part.write_text(text)
    working = [
        subprocess.Popen(
            [*pip(), "install", *options, "-r", str(part)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for part in parts
    ]
    said = [process.communicate()[0].decode(errors="replace") for process in working]
    if any(process.returncode for process in working):
        raise BootstrapError("pip could not install the packages:\n" + indented("".join(said)))


def remove_what_is_not_in(lock: str) -> None:
    """A package that the lock no longer names would hide that somebody still needs it. Raises BootstrapError."""
    listing = "import importlib.metadata as m; print(*(d.metadata['Name'] for d in m.distributions()))"
    names = run([str(PYTHON), "-c", listing]).stdout.split()
    kept = {"pip", "setuptools", *re.findall(r"(?m)^([a-z0-9-]+)", lock)}
    extra = [name for name in names if re.sub(r"[-_.]+", "-", name).lower() not in kept]
    if extra and run([*pip(), "uninstall", "-y", "-qq", *extra]).returncode != 0:
        raise BootstrapError(f"pip could not remove {', '.join(extra)}. Remove .venv and try again.")


def split(lock: str, count: int) -> list[str]:
    """The requirements of a lock file, each with its hashes, dealt out to `count` files."""
    plain = re.sub(r"(?m)^\s*#.*\n?", "", lock)
    requirements = [text for text in re.split(r"\n(?=\S)", plain.strip()) if text]
    return ["\n".join(requirements[number::count]) + "\n" for number in range(count)]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-20:])
