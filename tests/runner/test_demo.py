import os
import socket
import sys
from pathlib import Path

import pytest

from sandbox import demo, servers
from sandbox.binaries import ServerError
from sandbox.supervisor import ProcessFailed, Supervisor


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        demo.check_ports(other, other)
        with pytest.raises(demo.PortTaken, match=f"Port {port} is taken.* make run GITHUB_PORT={port + 1}"):
            demo.check_ports(other, port)
        with pytest.raises(demo.PortTaken, match=f"make run PORT={port + 1}"):
            demo.check_ports(port, other)


def test_a_second_run_is_refused_and_told_the_first_ones_process(run_folder: Path) -> None:
    with demo.only_one(), pytest.raises(demo.AlreadyRunning, match=f"process {os.getpid()}"), demo.only_one():
        pass
    with demo.only_one():
        assert (run_folder / "run.lock").read_text() == str(os.getpid())


def test_keys_of_the_stand_in_are_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / "github-app.env"
    file.write_text('# keys\n\nGITHUB_APP_ID=7\nGITHUB_APP_PRIVATE_KEY="-----BEGIN\\nab==\\n"\n')
    assert demo.read_environment(file) == {"GITHUB_APP_ID": "7", "GITHUB_APP_PRIVATE_KEY": "-----BEGIN\\nab==\\n"}


def test_without_keys_the_stand_in_is_started_and_with_keys_it_is_not(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_APP_ID", "42")
    started = demo.Demo(Path("/nowhere/python"), Supervisor(run_folder / "processes.json", "/nowhere"), 1, 2)
    assert started.start_github() is False
    monkeypatch.delenv("GITHUB_APP_ID")
    with pytest.raises(FileNotFoundError, match="/nowhere/python"):
        started.start_github()


def test_a_step_that_fails_shows_the_end_of_its_output(run_folder: Path) -> None:
    program = "print('line 1'); raise SystemExit('no such table')"
    failing = demo.Demo(Path(sys.executable), Supervisor(run_folder / "processes.json", "x"), 1, 2)
    with pytest.raises(ProcessFailed, match=r"migrating ended with status 1:\n    line 1\n    no such table"):
        failing.step("migrating", "-c", program)


def test_a_server_that_dies_while_the_demo_runs_is_named(own_servers: servers.Servers, run_folder: Path) -> None:
    watching = demo.Demo(Path(sys.executable), Supervisor(run_folder / "processes.json", "x"), 1, 2)
    watching.servers = own_servers
    own_servers.running[-1].stop()
    with pytest.raises(ProcessFailed, match=r"Valkey has gone. The end of .*valkey.log:\n    "):
        watching.watch()


def test_what_killed_runs_left_is_ended_unless_one_still_runs(own_servers: servers.Servers, run_folder: Path) -> None:
    with demo.only_one(), pytest.raises(demo.AlreadyRunning):
        demo.stop_leftovers(Path("/nowhere/python"))
    with pytest.raises(ServerError, match="in use"):
        demo.stop_leftovers(Path("/nowhere/python"))
    own_servers.users.close()
    demo.stop_leftovers(Path("/nowhere/python"))
    assert [server.answers() for server in own_servers.running] == [False, False]
    assert run_folder.exists()
