import pytest

from sandbox import servers
from sandbox.binaries import ServerError

SERVERS = pytest.StashKey[servers.Servers]()


def pytest_configure(config: pytest.Config) -> None:
    """Starts PostgreSQL and Valkey once for all workers, unless DATABASE_URL and REDIS_URL name others."""
    if hasattr(config, "workerinput"):
        return
    try:
        config.stash[SERVERS] = servers.start("test")
    except ServerError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVERS in config.stash:
        config.stash[SERVERS].stop()
