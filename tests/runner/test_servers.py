"""Real servers in a temporary folder: started, shared, killed, started again."""

import os
import signal
from pathlib import Path

import environ
import psycopg
import pytest
import redis
from celery import Celery

from sandbox import servers
from sandbox.binaries import ServerError
from sandbox.postgres import Postgres, quoted
from sandbox.privileges import unprivileged
from sandbox.servers import Kind, Servers


def rows(sockets: Path, statement: str, *, user: str = "fixci", database: str = "fixci") -> list[tuple[object, ...]]:
    with psycopg.connect(host=str(sockets), user=user, dbname=database, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def answering(started: Servers) -> list[bool]:
    return [server.answers() for server in started.running]


@pytest.mark.parametrize("kind", ["dev", "test"])
def test_database_url_is_read_by_django_environ_as_a_socket(run_folder: Path, kind: Kind) -> None:
    config = environ.Env.db_url_config(servers.database_url(kind))
    assert config["HOST"] == str(servers.postgres(kind).sockets)
    assert (config["USER"], config["NAME"]) == ("fixci", "fixci")
    assert Path(config["HOST"]).is_relative_to(run_folder) or len(str(run_folder)) > 60


def test_urls_survive_blanks_and_plus_signs_in_the_path(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Path("/srv/a b+c%d")
    monkeypatch.setattr(servers, "run_folder", lambda: odd)
    assert environ.Env.db_url_config(servers.database_url("dev"))["HOST"] == str(odd / "pg-dev" / "s")
    connection = redis.Redis.from_url(servers.redis_url("dev")).connection_pool.connection_kwargs
    assert connection["path"] == str(odd / "valkey-dev" / "s" / "valkey.sock")
    broker = Celery(
        set_as_current=False, broker=servers.redis_url("dev").replace("unix://", "redis+socket://")
    ).connection()
    assert broker.as_uri().endswith("valkey.sock")


def test_a_path_too_long_for_a_socket_is_replaced_by_a_short_one_of_this_user() -> None:
    folder = Path("/srv") / ("x" * 100) / "pg-dev"
    short = servers.socket_folder(folder)
    assert len(str(short)) < 50
    assert str(os.getuid()) in short.name
    assert short != servers.socket_folder(folder.with_name("pg-test"))


def test_each_test_process_of_a_run_has_a_valkey_database_of_its_own(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_TESTRUNUID", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    assert servers.claim_for_tests() == str(os.getpid())
    seen = [os.environ["REDIS_URL"]]
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "run-1")
    for worker in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        assert servers.claim_for_tests() == "run-1"
        seen.append(os.environ["REDIS_URL"])
        # What a subprocess of the test comes to.
        servers.claim_for_tests()
        assert os.environ["REDIS_URL"] == seen[-1]
    assert len(set(seen)) == 3
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    servers.claim_for_tests()
    assert os.environ["REDIS_URL"] == "redis://cache.example/0"


@pytest.mark.parametrize(
    ("name", "url", "left"),
    [
        ("DATABASE_URL", "postgres://u@db.example/fixci", ["Valkey"]),
        ("REDIS_URL", "redis://cache.example/0", ["Postgres"]),
    ],
)
def test_a_server_that_the_environment_names_is_not_started(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str, left: list[str]
) -> None:
    monkeypatch.setenv(name, url)
    assert [type(server).__name__ for server in servers.wanted("dev")] == left


def test_a_folder_of_somebody_else_is_refused_for_sockets(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerError, match="belongs to somebody else"):
        servers.private_folder(tmp_path / "link")


def test_pg_bindir_without_postgresql_is_named_in_the_message(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BINDIR", str(run_folder))
    with pytest.raises(ServerError, match=r"PG_BINDIR=.* has no initdb"):
        servers.start("test")


def test_application_role_is_bound_by_row_level_security(own_servers: Servers, run_folder: Path) -> None:
    sockets = servers.postgres("test").sockets
    role = rows(sockets, "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user")
    assert role == [(False, False, True)]
    owner = rows(sockets, "SELECT pg_get_userbyid(datdba), datlocale FROM pg_database WHERE datname = 'fixci'")
    assert owner == [("fixci", "C.UTF-8")]


def test_servers_listen_on_sockets_that_only_this_user_reaches(own_servers: Servers) -> None:
    for server in own_servers.running:
        assert server.socket.parent.stat().st_mode & 0o077 == 0
    assert rows(servers.postgres("test").sockets, "SHOW listen_addresses") == [("",)]
    valkey = redis.Redis.from_url(servers.redis_url("test", database=5000))
    assert valkey.config_get("port") == {"port": "0"}
    valkey.close()


def test_the_last_user_stops_the_servers(own_servers: Servers) -> None:
    second = servers.start("test")
    own_servers.stop()
    assert answering(second) == [True, True]
    with pytest.raises(ServerError, match="in use"):
        servers.stop_all()
    second.stop()
    assert answering(second) == [False, False]


def test_databases_of_killed_runs_are_removed_by_the_next_first_user_only(own_servers: Servers) -> None:
    sockets = servers.postgres("test").sockets
    rows(sockets, "CREATE DATABASE test_fixci_left_behind")
    second = servers.start("test")
    found = "SELECT datname FROM pg_database WHERE datname LIKE 'test%'"
    assert rows(sockets, found) == [("test_fixci_left_behind",)]
    # As when both were killed: the locks are gone, the servers still run.
    second.users.close()
    own_servers.users.close()
    third = servers.start("test")
    assert rows(sockets, found) == []
    third.stop()


def test_servers_start_again_after_sigkill(own_servers: Servers) -> None:
    for server in own_servers.running:
        number = server.process()
        assert number is not None
        os.kill(number, signal.SIGKILL)
    while any(answering(own_servers)):
        os.sched_yield()
    own_servers.users.close()
    again = servers.start("test")
    assert answering(again) == [True, True]
    again.stop()


def test_what_was_written_is_there_after_a_restart(run_folder: Path) -> None:
    first = servers.start("dev")
    rows(servers.postgres("dev").sockets, "CREATE TABLE kept AS SELECT 1 AS one")
    first.stop()
    second = servers.start("dev")
    assert rows(servers.postgres("dev").sockets, "SELECT one FROM kept") == [(1,)]
    second.stop()


def test_a_cluster_that_another_release_made_is_kept_for_dev_and_remade_for_tests(own_servers: Servers) -> None:
    own_servers.stop()
    cluster = servers.postgres("test")
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerError, match="made by PostgreSQL 9"):
        Postgres(cluster.data, cluster.sockets, durable=True).start()
    again = servers.start("test")
    assert (cluster.data / "PG_VERSION").read_text() != "9\n"
    again.stop()


def test_a_half_made_cluster_is_made_anew(run_folder: Path) -> None:
    half_made = run_folder / "pg-test" / "data.new" / "base"
    half_made.mkdir(parents=True)
    started = servers.start("test")
    assert answering(started) == [True, True]
    assert not half_made.exists()
    started.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who can give a folder to another user")
def test_a_cluster_of_another_user_is_refused_with_a_way_out(run_folder: Path) -> None:
    data = run_folder / "pg-dev" / "data"
    data.mkdir(parents=True)
    os.chown(data, 12345, 12345)
    with pytest.raises(ServerError, match="belongs to user id 12345"):
        unprivileged(data)


def test_configuration_values_are_quoted() -> None:
    assert quoted("/srv/o'neill\\x") == "'/srv/o''neill\\\\x'"
