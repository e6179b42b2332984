"""Installation tokens: both forms, kept in Redis, renewed in time, purged."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import redis
import time_machine
from django.conf import settings

from ci_analysis.github import (
    AppClient,
    Credentials,
    InstallationClient,
    NotInstalled,
    Suspended,
    TokenRefused,
    Unauthorized,
    connection,
    purge_token,
)
from sandbox.github import StandInGitHub
from sandbox.github.keys import new_private_key
from sandbox.github.state import now
from tests.github_client.conftest import Place


@pytest.fixture(autouse=True)
def sign_anew() -> Iterator[None]:
    """What was signed while the clock was ahead is of no use afterwards."""
    yield
    connection.signed_tokens.cache_clear()


def tokens_asked_for(github: StandInGitHub) -> int:
    return len(github.requests("POST", "/access_tokens"))


def call(place: Place, credentials: Credentials) -> None:
    with InstallationClient(place.installation.id, credentials) as client:
        assert [found.id for found in client.repositories()] == [place.repository.id]


def key_in_redis(place: Place, credentials: Credentials) -> str:
    host = httpx.URL(credentials.api_url).netloc.decode()
    return f"fixci:github:token:{host}:{credentials.app_id}:{place.installation.id}"


@pytest.mark.parametrize(("token_format", "longer_than"), [("classic", 39), ("stateless", 255)])
def test_one_token_of_either_form_serves_several_clients(
    github: StandInGitHub, place: Place, credentials: Credentials, token_format: str, longer_than: int
) -> None:
    github.site.token_format = token_format
    call(place, credentials)
    call(place, credentials)
    assert tokens_asked_for(github) == 1
    assert len(list(github.state.tables.tokens)[-1]) > longer_than


def test_token_is_kept_until_five_minutes_before_it_expires(
    github: StandInGitHub, place: Place, credentials: Credentials
) -> None:
    call(place, credentials)
    with time_machine.travel(now() + timedelta(minutes=54), tick=True):
        call(place, credentials)
        assert tokens_asked_for(github) == 1
    with time_machine.travel(now() + timedelta(minutes=56), tick=True):
        call(place, credentials)
        assert tokens_asked_for(github) == 2


def test_redis_forgets_the_token_in_time_by_itself(
    github: StandInGitHub, place: Place, credentials: Credentials
) -> None:
    call(place, credentials)
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        assert 54 * 60 < store.ttl(key_in_redis(place, credentials)) <= 55 * 60


def test_long_lived_client_renews_its_token(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    client.repositories()
    with time_machine.travel(now() + timedelta(minutes=61), tick=True):
        client.repositories()
    assert tokens_asked_for(github) == 2
    assert {request.status for request in github.requests("GET")} == {200}


def test_purged_token_is_not_used_again(github: StandInGitHub, place: Place, credentials: Credentials) -> None:
    call(place, credentials)
    purge_token(place.installation.id, credentials)
    call(place, credentials)
    assert tokens_asked_for(github) == 2


def test_token_revoked_before_its_time_is_replaced_within_the_call(
    github: StandInGitHub, place: Place, credentials: Credentials
) -> None:
    call(place, credentials)
    github.expire_tokens()
    call(place, credentials)
    assert tokens_asked_for(github) == 2
    refused = [request.status for request in github.requests("GET", "/installation/repositories")]
    assert refused == [200, 401, 200]


def test_fresh_token_that_is_refused_is_not_asked_for_again(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    github.fail("GET", "/installation/repositories", status=401, times=9)
    with pytest.raises(TokenRefused) as caught:
        client.repositories()
    assert caught.value.retryable
    assert tokens_asked_for(github) == 1


def test_tokens_of_two_installations_are_kept_apart(
    github: StandInGitHub, place: Place, credentials: Credentials
) -> None:
    call(place, credentials)
    other = github.add_repository("other-" + place.name)
    installation = github.install(other.owner)
    with InstallationClient(installation.id, credentials) as client:
        assert [found.full_name for found in client.repositories()] == [other.full_name]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock", None])
def test_without_redis_each_client_fetches_its_own_token(
    github: StandInGitHub,
    place: Place,
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
    url: str | None,
) -> None:
    without = replace(credentials, redis_url=url)
    with InstallationClient(place.installation.id, without) as client:
        client.repositories()
        client.repositories()
    purge_token(place.installation.id, without)
    assert tokens_asked_for(github) == 1
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert bool(warnings) == (url is not None)
    assert not any("127.0.0.1" in record.getMessage() for record in warnings)


def test_unreadable_entry_in_redis_is_replaced(github: StandInGitHub, place: Place, credentials: Credentials) -> None:
    call(place, credentials)
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        for unreadable in (b"not json", b"{}"):
            store.set(key_in_redis(place, credentials), unreadable)
            call(place, credentials)
    assert tokens_asked_for(github) == 3


def test_uninstalled_app_is_told_from_anything_not_found(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    github.uninstall(place.installation)
    with pytest.raises(NotInstalled, match="not installed") as caught:
        client.repositories()
    assert not caught.value.retryable


def test_app_uninstalled_while_its_token_is_kept(github: StandInGitHub, place: Place, credentials: Credentials) -> None:
    call(place, credentials)
    github.uninstall(place.installation)
    with pytest.raises(NotInstalled):
        call(place, credentials)
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        assert not store.exists(key_in_redis(place, credentials))


@pytest.mark.parametrize("token_is_kept", [False, True])
def test_suspended_installation(
    github: StandInGitHub, place: Place, credentials: Credentials, token_is_kept: bool
) -> None:
    if token_is_kept:
        call(place, credentials)
    github.suspend(place.installation)
    with pytest.raises(Suspended) as caught:
        call(place, credentials)
    assert not caught.value.retryable
    github.unsuspend(place.installation)
    call(place, credentials)


@pytest.mark.parametrize(
    "key", ["", "not a key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_private_key_that_is_none_is_said_so(credentials: Credentials, key: str) -> None:
    with pytest.raises(Unauthorized, match="not a key"):
        AppClient(replace(credentials, private_key=key)).app()


def test_private_key_of_another_app_is_refused_by_github(credentials: Credentials, app: AppClient) -> None:
    assert app.app().slug == "fixci"
    with pytest.raises(Unauthorized):
        AppClient(replace(credentials, private_key=new_private_key())).app()


def test_request_outside_with_opens_its_own_connection(place: Place, credentials: Credentials) -> None:
    assert AppClient(credentials).installation(place.installation.id).account_login == place.repository.owner
