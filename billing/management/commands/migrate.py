"""`migrate` that gives an empty database dj-stripe's tables from a snapshot (billing/schema_snapshot.py)."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from billing import schema_snapshot
from billing.schema_snapshot import Snapshot

# With any of these the caller wants something else than a database that is up to date.
PARTIAL = ("app_label", "fake", "fake_initial", "plan", "check_unapplied", "prune")


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--replay", action="store_true", help="Replay dj-stripe's history on an empty database.")

    def handle(self, *args: Any, **options: Any) -> None:
        replay = options.pop("replay")
        if not replay and not any(options[name] for name in PARTIAL):
            self.load_snapshot(options["database"], verbosity=options["verbosity"])
        super().handle(*args, **options)

    def load_snapshot(self, database: str, *, verbosity: int) -> None:
        """Does nothing on a database that has dj-stripe's tables, or is of another kind."""
        connection = connections[database]
        executor = MigrationExecutor(connection)
        applied = {app for app, _ in executor.loader.applied_migrations}
        if connection.vendor != "postgresql" or schema_snapshot.APP in applied:
            return
        snapshot = Snapshot.read()
        if reason := snapshot.mismatch(executor.loader):
            self.stderr.write(f"Replaying dj-stripe's migrations, about a minute. The snapshot does not fit: {reason}.")
            return
        executor.migrate(schema_snapshot.dependencies(executor))
        snapshot.load(database)
        if verbosity >= 1:
            self.stdout.write(f"Loaded the tables of dj-stripe {snapshot.version} from its snapshot.")
