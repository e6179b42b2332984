import io

import pytest
from django.core.management import call_command, get_commands
from django.db import ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from billing.management.commands.djstripe_schema import Content
from billing.schema_snapshot import APP, Snapshot


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot.read()


def test_the_snapshot_fits_the_installed_djstripe(snapshot: Snapshot) -> None:
    assert snapshot.mismatch(MigrationLoader(None)) is None


def test_a_snapshot_of_another_release_is_not_used(snapshot: Snapshot) -> None:
    other = Snapshot("2.10.0", snapshot.migrations, snapshot.sql)
    assert other.mismatch(MigrationLoader(None)) == "it was made with dj-stripe 2.10.0, installed is 2.11.0"


def test_a_snapshot_that_lacks_a_migration_is_not_used(snapshot: Snapshot) -> None:
    other = Snapshot(snapshot.version, snapshot.migrations[:-1], snapshot.sql)
    assert str(other.mismatch(MigrationLoader(None))).startswith("it stands for ['0001_initial'")


def test_the_snapshot_has_djstripes_tables_and_nothing_else(snapshot: Snapshot) -> None:
    created = [line.split()[2] for line in snapshot.sql.splitlines() if line.startswith("CREATE TABLE")]
    assert len(created) > 50
    assert all(name.startswith("djstripe_") for name in created)
    assert "INSERT" not in snapshot.sql
    assert "COPY" not in snapshot.sql


def test_migrate_is_the_one_that_loads_the_snapshot() -> None:
    assert get_commands()["migrate"] == "billing"


@pytest.mark.django_db
def test_a_database_that_has_djstripes_tables_is_left_alone() -> None:
    said = io.StringIO()
    call_command("migrate", stdout=said)
    assert "No migrations to apply" in said.getvalue()
    assert "snapshot" not in said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_tables_and_records_come_both_or_neither() -> None:
    broken = Snapshot(
        "1", ("9999_never",), "CREATE TABLE djstripe_never (id int); CREATE TABLE djstripe_never (id int);"
    )
    with pytest.raises(ProgrammingError, match="already exists"):
        broken.load("default")
    assert "djstripe_never" not in connection.introspection.table_names()
    assert (APP, "9999_never") not in MigrationRecorder(connection).applied_migrations()


def test_a_difference_between_two_databases_is_shown_as_a_diff() -> None:
    before = Content(["CREATE INDEX a"], ["t: 0"], [("djstripe", "1"), ("orgs", "1")], [], [])
    after = Content(["CREATE INDEX b"], ["t: 0"], [("orgs", "1"), ("djstripe", "1")], [], [])
    difference = list(before.difference(after))
    assert "-CREATE INDEX a" in difference
    assert "+CREATE INDEX b" in difference
    assert not [line for line in difference if "migrations" in line or "t: 0" in line]
    assert list(before.difference(before)) == []
