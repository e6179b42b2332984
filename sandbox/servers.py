"""PostgreSQL and Valkey for `make run` ("dev") and for the tests ("test"), under .run/, on Unix sockets.

DATABASE_URL and REDIS_URL are the way out: when they name other servers, nothing is started here.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote

from sandbox.binaries import ServerError
from sandbox.postgres import APPLICATION, Postgres
from sandbox.privileges import NOBODY
from sandbox.valkey import DATABASES, Valkey

Kind = Literal["dev", "test"]

PROJECT = Path(__file__).resolve().parent.parent
# sun_path holds 104 bytes on macOS and 108 on Linux, a closing NUL included.
SOCKET_PATH_MAX = 103


def run_folder() -> Path:
    return PROJECT / ".run"


def socket_folder(folder: Path) -> Path:
    """Where the sockets of a server in `folder` are: inside it, or in a short place when that is too long."""
    inside = folder / "s"
    if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_MAX:
        return inside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    # Not tempfile.gettempdir(): every process must come to the same answer, whatever its TMPDIR.
    return Path("/tmp") / f"fixci-{os.getuid()}-{name}"


def postgres(kind: Kind) -> Postgres:
    folder = run_folder() / f"pg-{kind}"
    return Postgres(data=folder / "data", sockets=socket_folder(folder), durable=kind == "dev")


def valkey(kind: Kind) -> Valkey:
    folder = run_folder() / f"valkey-{kind}"
    return Valkey(folder=folder, socket=socket_folder(folder) / "valkey.sock")


def database_url(kind: Kind) -> str:
    """The embedded database as django-environ reads it: what is before the last slash is the socket's folder."""
    return f"postgres://{APPLICATION}@/{quote(str(postgres(kind).sockets))}/{APPLICATION}"


def redis_url(kind: Kind, *, database: int = 0) -> str:
    """The embedded Valkey as redis-py reads it; `database` is taken modulo the number of databases."""
    number = database % DATABASES
    return f"unix://{quote(str(valkey(kind).socket))}" + (f"?db={number}" if number else "")


def claim_for_tests() -> str:
    """Points this test process at the servers of the tests, and returns the name of its run.

    Several runs may go on in one tree, each with several pytest-xdist workers: every one of them gets a Valkey database
    of its own. A worker inherits its controller's variables, so they are replaced there; a subprocess of a test
    inherits both, and comes to the same answer.
    """
    run, worker = os.environ.get("PYTEST_XDIST_TESTRUNUID"), os.environ.get("PYTEST_XDIST_WORKER", "")
    number = zlib.crc32(f"{run}{worker}".encode()) if run else os.getpid()
    os.environ.setdefault("DATABASE_URL", database_url("test"))
    inherited = os.environ.get("REDIS_URL", redis_url("test"))
    if "REDIS_URL" not in os.environ or (run and inherited.split("?")[0] == redis_url("test")):
        os.environ["REDIS_URL"] = redis_url("test", database=number)
    return run or str(os.getpid())


def private_folder(folder: Path) -> None:
    """Makes a folder that only this user may enter. Raises ServerError when somebody else put one there."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    found = folder.lstat()
    # As root the servers run as nobody.
    owners = {os.geteuid()} | ({NOBODY} if os.geteuid() == 0 else set())
    if folder.is_symlink() or found.st_uid not in owners:
        raise ServerError(f"{folder} belongs to somebody else. Remove it, or move the project to a shorter path.")
    folder.chmod(0o700)


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_alone(users: IO[str]) -> bool:
    """Takes the users' lock for this process alone, if no other process holds it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass
class Servers:
    """Servers in use by this process. The last of all users stops them; a killed one counts no longer."""

    kind: Kind
    running: list[Postgres | Valkey]
    users: IO[str]

    def stop(self) -> None:
        with one_at_a_time(run_folder() / f"{self.kind}.starting"):
            if is_alone(self.users):
                for server in reversed(self.running):
                    server.stop()
            self.users.close()


def wanted(kind: Kind) -> list[Postgres | Valkey]:
    """The servers that the environment does not already provide."""
    servers: list[Postgres | Valkey] = []
    if os.environ.get("DATABASE_URL", database_url(kind)) == database_url(kind):
        servers.append(postgres(kind))
    if os.environ.get("REDIS_URL", redis_url(kind)).split("?")[0] == redis_url(kind):
        servers.append(valkey(kind))
    return servers


def start(kind: Kind) -> Servers:
    """Starts what is wanted and not running. Raises ServerError; stop() must be called at the end."""
    run_folder().mkdir(exist_ok=True)
    with one_at_a_time(run_folder() / f"{kind}.starting"), contextlib.ExitStack() as on_failure:
        users = on_failure.enter_context((run_folder() / f"{kind}.users").open("a"))
        alone = is_alone(users)
        running = wanted(kind)
        for server in running:
            launch(server, clean_first=alone and kind == "test")
        fcntl.flock(users, fcntl.LOCK_SH)
        on_failure.pop_all()
    return Servers(kind, running, users)


def launch(server: Postgres | Valkey, *, clean_first: bool) -> None:
    if isinstance(server, Postgres):
        private_folder(server.data.parent)
        private_folder(server.sockets)
        server.start()
        if clean_first:
            server.drop_test_databases()
    else:
        private_folder(server.folder)
        private_folder(server.socket.parent)
        server.start()


def stop_all() -> None:
    """Ends servers that nobody uses any more, as after a killed run. Raises ServerError when some are in use."""
    kinds: tuple[Kind, ...] = ("dev", "test")
    for kind in kinds:
        with (run_folder() / f"{kind}.users").open("a") as users:
            if not is_alone(users):
                raise ServerError(f"The {kind} servers are in use by another process. End that first.")
            Servers(kind, [postgres(kind), valkey(kind)], users).stop()
