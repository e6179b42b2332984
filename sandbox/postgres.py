"""A PostgreSQL cluster of our own: a wheel's binaries, driven by initdb and pg_ctl, on a Unix socket only.

The wheel's Python layer is never imported: as root it adds system users and opens the permissions of parent
folders. For development and tests: whoever may open the socket's folder (mode 0700) is trusted.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.binaries import ServerError, answer, last_lines, postgres_programs
from sandbox.privileges import unprivileged

# The application's role and database. A superuser or BYPASSRLS would make row level security untested.
APPLICATION = "fixci"
# Durability costs the test suite time and protects nothing: its cluster can be made again at any time.
TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CREATE_APPLICATION = f"""
SELECT 'CREATE ROLE {APPLICATION} LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION}') \\gexec
SELECT 'CREATE DATABASE {APPLICATION} OWNER {APPLICATION}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{APPLICATION}') \\gexec
"""
DROP_TEST_DATABASES = """
SELECT format('DROP DATABASE %I WITH (FORCE)', datname)
  FROM pg_database WHERE datname LIKE 'test\\_%' \\gexec
"""


def quoted(value: str | Path) -> str:
    """A string in postgresql.conf's quoting."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True)
class Postgres:
    """One cluster: `data` holds it, `sockets` is the folder of its socket, `durable` is false for tests."""

    data: Path
    sockets: Path
    durable: bool

    @property
    def socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def log(self) -> Path:
        return self.data.parent / "postgres.log"

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def start(self) -> None:
        """Makes the cluster if there is none, starts it unless it runs. Raises ServerError."""
        if self.answers():
            return
        self._remove_if_unusable()
        self._forget_the_dead()
        if not self.data.exists():
            self._create()
        try:
            self._launch()
        except ServerError:
            if self.durable:
                raise
            # Without fsync a power cut leaves a broken cluster: a new one takes half a second.
            shutil.rmtree(self.data)
            self._create()
            self._launch()

    def stop(self) -> None:
        """Ends the sessions, writes everything down and returns when the server is gone. Raises ServerError."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def drop_test_databases(self) -> None:
        """Removes what killed test runs left behind. Only for a cluster that nobody else uses now."""
        self._psql(DROP_TEST_DATABASES)

    def process(self) -> int | None:
        """The postmaster's id, while its pid file stands."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _remove_if_unusable(self) -> None:
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            return
        installed = answer("postgres", "--version").strip()
        if installed.split()[2].split(".")[0] == made_by.read_text().strip():
            return
        if self.durable:
            raise ServerError(
                f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, installed is"
                f" {installed}. Remove the folder (its data is lost) or set PG_BINDIR."
            )
        shutil.rmtree(self.data)

    def _forget_the_dead(self) -> None:
        """In a container whose first process reaps nobody, a killed server stays as a zombie.

        PostgreSQL takes that for a running one, and would not start beside it.
        """
        number = self.process()
        if number is not None and is_zombie(number):
            (self.data / "postmaster.pid").unlink()
            self.socket.with_name(f"{self.socket.name}.lock").unlink(missing_ok=True)

    def _create(self) -> None:
        half_made = self.data.with_name("data.new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True, mode=0o700)
        self._run("initdb", "-D", str(half_made), "-U", "postgres", "-A", "trust", "-E", "UTF8", *self._locale())
        with (half_made / "postgresql.conf").open("a") as settings:
            settings.write("include 'fixci.conf'\n")
        # Only a complete cluster gets the name, so a killed start leaves nothing that looks like one.
        half_made.rename(self.data)

    def _locale(self) -> list[str]:
        """Same order and upper/lower on Linux and macOS, where the server has a locale of its own (17+)."""
        known = "--builtin-locale" in answer("initdb", "--help")
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if known else []
        return ["--locale=C", *builtin, "--no-sync", "--no-instructions"]

    def _launch(self) -> None:
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": quoted(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            **({} if self.durable else TEST_SETTINGS),
        }
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        # Written at each start: the project's folder may have moved.
        (self.data / "fixci.conf").write_text(text)
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60", "start")
        self._psql(CREATE_APPLICATION)

    def _psql(self, statements: str) -> None:
        arguments = [
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.sockets),
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        self._run("psql", *arguments, statements=statements)

    def _run(self, program: str, *arguments: str, statements: str = "") -> None:
        """Never with a pipe for its output: pg_ctl's server would keep it open, its reader would wait for ever."""
        report = self.data.parent / f"{program}.out"
        command = [*unprivileged(self.data), str(postgres_programs() / program), *arguments]
        with report.open("wb") as output:
            done = subprocess.run(
                command,
                input=statements.encode(),
                stdout=output,
                stderr=output,
                cwd="/",
                env=plain_environment(),
            )
        if done.returncode != 0:
            said = [*last_lines(report), *(last_lines(self.log) if program == "pg_ctl" else [])]
            raise ServerError(f"{program} failed:\n" + "\n".join(f"    {line}" for line in said))


def is_zombie(pid: int) -> bool:
    """False where there is no /proc: macOS has a first process that reaps."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def plain_environment() -> dict[str, str]:
    """Without the PG* variables of the person who calls, which would lead psql to another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}
