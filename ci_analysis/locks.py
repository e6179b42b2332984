"""Advisory locks of PostgreSQL: held until the transaction ends, also when the process that holds one is killed."""

from django.db import connection


def wait_for(name: str) -> None:
    """Hold the lock of this name until the end of the transaction; waits for the one who has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
