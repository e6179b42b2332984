"""dj-stripe's tables as one SQL script, in place of its history: 500 operations, 40 to 80 s on an empty database.

It is honest because the script's head names the version and the migrations that it stands for, a script that does
not fit the installed dj-stripe is not used, and `manage.py djstripe_schema --check` builds both databases and
compares them.
"""

import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

PATH = Path(__file__).with_name("djstripe_schema.sql")
APP = "djstripe"
HEAD = """\
-- The tables of dj-stripe as its migrations leave them: generated, see `manage.py djstripe_schema`.
"""


def installed_version() -> str:
    return version("dj-stripe")


@dataclass(frozen=True)
class Snapshot:
    """`migrations` are the names that the script stands for, in order; `sql` is the script without its head."""

    version: str
    migrations: tuple[str, ...]
    sql: str

    @classmethod
    def read(cls) -> "Snapshot":
        text = PATH.read_text()
        return cls(
            version="".join(re.findall(r"(?m)^-- dj-stripe (\S+)$", text)),
            migrations=tuple(re.findall(r"(?m)^-- migration (\S+)$", text)),
            sql="".join(line for line in text.splitlines(keepends=True) if not line.startswith("--")),
        )

    def write(self) -> None:
        migrations = "".join(f"-- migration {name}\n" for name in self.migrations)
        PATH.write_text(f"{HEAD}-- dj-stripe {self.version}\n{migrations}\n{self.sql}")

    def mismatch(self, loader: MigrationLoader) -> str | None:
        """Why this script can't stand for the installed dj-stripe's migrations; None when it can."""
        if self.version != installed_version():
            return f"it was made with dj-stripe {self.version}, installed is {installed_version()}"
        on_disk = {name for app, name in loader.disk_migrations if app == APP}
        if on_disk != set(self.migrations):
            return f"it stands for {sorted(self.migrations)}, installed are {sorted(on_disk)}"
        return None

    def load(self, database: str) -> None:
        """Creates the tables and records their migrations, both or neither."""
        connection = connections[database]
        recorder = MigrationRecorder(connection)
        with transaction.atomic(using=database):
            with connection.cursor() as cursor:
                cursor.execute(self.sql)
            recorder.ensure_schema()
            for name in self.migrations:
                recorder.record_applied(APP, name)


def dependencies(executor: MigrationExecutor) -> list[tuple[str, str]]:
    """The migrations of other apps that dj-stripe's migrations come after."""
    graph = executor.loader.graph
    own = [key for key in graph.nodes if key[0] == APP]
    return sorted({parent.key for key in own for parent in graph.node_map[key].parents if parent.key[0] != APP})
