"""What the stand-in GitHub keeps from one start to the next, and how it starts."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from sandbox.github import FileChange, JobSpec, PortTaken, StandInGitHub
from sandbox.github.__main__ import main
from sandbox.github.models import ManifestCode
from sandbox.github.persistence import decode, encode, load
from sandbox.github.state import Tables, now


def _furnish(github: StandInGitHub) -> None:
    repository = github.add_repository("halden/ledger")
    installation = github.install("halden", repositories=[repository])
    github.suspend(installation)
    pull = github.open_pull_request(repository, fork_owner="odalys", files=[FileChange("a.py")])
    github.add_run(repository, [JobSpec(log=b"\xff\x00 bytes")], pull_request=pull)
    github.add_reaction(github.add_comment(repository, pull, "Hello", author="marit"), user="joris")
    github.send_ping()


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StandInGitHub(state_file=path) as first:
        _furnish(first)
        before = encode(first.state.tables)

    with StandInGitHub(state_file=path) as second:
        assert encode(second.state.tables) == before
        assert second.webhook_secret == first.webhook_secret
        assert next(iter(second.state.tables.jobs.values())).log == b"\xff\x00 bytes"
        assert second.add_repository("halden/other").id not in before["repositories"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_stand_in_that_lost_its_state_gives_out_no_id_twice() -> None:
    ids: list[int] = []
    for days in (0, 1):
        with time_machine.travel(datetime(2026, 11, 20 + days, tzinfo=UTC)), StandInGitHub() as github:
            repository = github.add_repository("halden/ledger")
            ids += [github.add_run(repository, [JobSpec()]).id for _ in range(3)]

    assert ids == sorted(set(ids))


def test_answer_that_is_lost_is_kept_all_the_same(tmp_path: Path, anybody: httpx.Client) -> None:
    path = tmp_path / "state.json"
    with StandInGitHub(state_file=path) as github:
        code = ManifestCode("c0de", github.app_id, "secret", "key", now() + timedelta(hours=1))
        github.state.tables.manifest_codes["c0de"] = code
        github.fail("POST", "/conversions", "drop_after")
        with pytest.raises(httpx.RemoteProtocolError):
            anybody.post(f"{github.api_url}/app-manifests/c0de/conversions")

        assert load(path).manifest_codes == {}


def test_all_tables_survive_json() -> None:
    tables = Tables()
    with StandInGitHub() as github:
        _furnish(github)
        tables = github.state.tables

    again = decode(Tables, json.loads(json.dumps(encode(tables))))

    assert [name for f in fields(Tables) if getattr(again, name := f.name) != getattr(tables, name)] == []


@pytest.mark.parametrize("content", ["[]", "{", '{"repositories": {"1": {"id": 1}}}'])
def test_file_that_is_no_state_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)

    with pytest.raises(ValueError, match=r".+"):
        StandInGitHub(state_file=path)


def test_port_that_is_taken_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = main(["--port", str(port), "--key-dir", str(tmp_path)])
        with pytest.raises(PortTaken):
            StandInGitHub(log_port=port)

    error = capsys.readouterr().err
    assert status == 2
    assert error.count("\n") == 1
    assert str(port) in error


def test_process_writes_its_settings_and_stops_when_told(tmp_path: Path) -> None:
    """The environment is the caller's, save that the key lies in the file that the settings name."""
    env_file = tmp_path / "github-app.env"
    options = ["--port", "0", "--key-dir", str(tmp_path / "keys"), "--write-env", str(env_file)]
    command = [sys.executable, "-m", "sandbox.github", *options, "--state", str(tmp_path / "state" / "github.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    with process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(address) as page:
            assert b"harbour-lane/orders" in page.read()
        process.send_signal(signal.SIGTERM)

    settings = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
    assert process.returncode == 0
    assert settings["GITHUB_API_URL"] == f"{address}/api/v3"
    assert settings["GITHUB_APP_PRIVATE_KEY"].startswith('"-----BEGIN RSA PRIVATE KEY-----\\n')
    assert Path(settings["GITHUB_APP_PRIVATE_KEY_PATH"]).read_text().count("\n") > 20
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert (tmp_path / "state" / "github.json").exists()
