"""Which rows a transaction may see. The database enforces it: every tenant table has a row level security policy on
these settings, forced for the owner too (orgs/row_security.py).

A setting lives as long as its transaction (`set_config(..., is_local => true)`), so that a connection goes back to the
pool without it. Without a context no tenant row is seen or written: it fails closed.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

ORG_SETTING = "app.org_id"
USER_SETTING = "app.user_id"
ALL_SETTING = "app.all_organizations"


@contextmanager
def organization(org_id: int) -> Iterator[None]:
    """One transaction (a savepoint inside another one) that sees this organization's rows and no others'."""
    with _local({ORG_SETTING: str(org_id), ALL_SETTING: ""}):
        yield


@contextmanager
def memberships_of(user_id: int) -> Iterator[None]:
    """One transaction that may read which organizations a user belongs to, and nothing else of them."""
    with _local({USER_SETTING: str(user_id)}):
        yield


@contextmanager
def all_organizations() -> Iterator[None]:
    """One transaction that sees every organization's rows.

    For the operator's console, for finding the organization of a webhook, and for periodic jobs. Who calls it is
    listed in tests/orgs/test_tenancy.py, and the list is checked.
    """
    with _local({ALL_SETTING: "on"}):
        yield


@contextmanager
def _local(settings: dict[str, str]) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _read(settings) if nested else {}
        _set(settings)
        yield
        # The end of the transaction forgets the settings, but a released savepoint keeps them: an inner context has
        # to put the outer one back. After an exception the rollback does it.
        if nested:
            _set(before)


def _set(settings: dict[str, str]) -> None:
    calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [part for item in settings.items() for part in item])


def _read(names: Iterable[str]) -> dict[str, str]:
    names = list(names)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(["coalesce(current_setting(%s, true), '')"] * len(names)), names)
        return dict(zip(names, cursor.fetchone(), strict=True))
