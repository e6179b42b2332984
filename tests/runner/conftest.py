from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import servers


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A .run of its own: the servers started in it are not those that this suite uses."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        # Set first, so that it is put back as it was, set or not, whatever a test does to it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(servers, "run_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def own_servers(run_folder: Path) -> Iterator[servers.Servers]:
    assert run_folder.exists()
    started = servers.start("test")
    yield started
    if not started.users.closed:
        started.stop()
