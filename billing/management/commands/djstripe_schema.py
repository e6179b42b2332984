"""Makes the snapshot of dj-stripe's tables, or checks that it gives the database of the real migrations."""

import difflib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.recorder import MigrationRecorder

from billing.schema_snapshot import APP, Snapshot, installed_version

# Session settings (which differ from one release of PostgreSQL to the next), psql's own commands, comments.
NOISE = re.compile(r"^(--|SET |SELECT pg_catalog\.set_config|\\)")


class Command(BaseCommand):
    help = (
        "Makes (--write) or checks (--check) billing/djstripe_schema.sql. Needs pg_dump in the PATH and a role"
        " that may create databases; the database of the settings is not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group(required=True)
        action.add_argument("--write", action="store_true")
        action.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, write: bool, **_options: Any) -> None:
        with scratch_database("replayed"):
            self.stdout.write("Replaying all migrations (about a minute) ...")
            call_command("migrate", replay=True, verbosity=0, interactive=False)
            replayed = Content.read()
            tables = dump(f"--table={APP}_*")
        if write:
            migrations = tuple(name for app, name in replayed.migrations if app == APP)
            Snapshot(version=installed_version(), migrations=migrations, sql=tables).write()
            return
        with scratch_database("loaded"):
            self.stdout.write("Loading the snapshot ...")
            call_command("migrate", verbosity=0, interactive=False)
            loaded = Content.read()
        if difference := list(replayed.difference(loaded)):
            raise CommandError("\n".join(["The snapshot gives another database. Run `make schema`.", *difference]))
        self.stdout.write(
            f"The same database: {len(replayed.schema)} lines of schema, {len(replayed.rows)} tables compared."
        )


@dataclass(frozen=True)
class Content:
    """All of a database that could differ: schema as pg_dump tells it, rows a table, rows of Django's own."""

    schema: list[str]
    rows: list[str]
    migrations: list[tuple[str, str]]
    permissions: list[str]
    content_types: list[str]

    @classmethod
    def read(cls) -> "Content":
        recorder = MigrationRecorder(connection)
        permissions = Permission.objects.values_list("content_type__app_label", "codename", "name")
        return cls(
            schema=dump().splitlines(),
            rows=[f"{table}: {count_rows(table)}" for table in sorted(connection.introspection.table_names())],
            migrations=list(recorder.migration_qs.order_by("id").values_list("app", "name")),
            permissions=sorted(map(str, permissions)),
            content_types=sorted(map(str, ContentType.objects.values_list("app_label", "model"))),
        )

    def difference(self, other: "Content") -> Iterator[str]:
        """Lines of a unified diff, none when both are the same. Migrations may have run in another order."""
        for name in ("schema", "rows", "migrations", "permissions", "content_types"):
            before, after = ([str(line) for line in getattr(content, name)] for content in (self, other))
            if name == "migrations":
                before, after = sorted(before), sorted(after)
            yield from difflib.unified_diff(before, after, f"{name} replayed", f"{name} loaded", lineterm="")


def count_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  # quoted, and ours
        return int(cursor.fetchone()[0])


@contextmanager
def scratch_database(purpose: str) -> Iterator[None]:
    """Points the default connection at a new empty database, and removes that at the end."""
    usual = connection.settings_dict["NAME"]
    scratch = f"{usual}_{purpose}_{os.getpid()}"
    administer(f"CREATE DATABASE {connection.ops.quote_name(scratch)}")
    switch(scratch)
    try:
        yield
    finally:
        switch(usual)
        administer(f"DROP DATABASE {connection.ops.quote_name(scratch)}")


def switch(name: str) -> None:
    database = connections[DEFAULT_DB_ALIAS]
    if not isinstance(database, DatabaseWrapper):
        raise CommandError("The snapshot is for PostgreSQL only.")
    database.close()
    database.close_pool()
    database.settings_dict["NAME"] = name
    # Content types are remembered with the ids that they have in the other database.
    ContentType.objects.clear_cache()


def administer(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def dump(*options: str) -> str:
    """The schema of the connection's database. Raises CommandError when there is no pg_dump, or it fails."""
    parameters = ["--schema-only", "--no-owner", "--no-privileges", *options]
    arguments, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, parameters)
    program = shutil.which("pg_dump")
    if program is None:
        raise CommandError("pg_dump is not in the PATH. `make schema` and `make check-schema` bring their own.")
    done = subprocess.run(
        [program, *arguments[1:]],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(f"pg_dump failed: {done.stderr.strip()}")
    kept = "\n".join(line for line in done.stdout.splitlines() if not NOISE.match(line))
    # The search path decides where the tables go, as with the real migrations.
    return re.sub(r"\n{3,}", "\n\n", kept.replace("public.", "")).strip() + "\n"
