"""Calls as the App: itself, its installations, what was delivered to it, and a new App out of a manifest."""

import json
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from ci_analysis.github import AppClient, Credentials, InvalidName, NotFound, convert_manifest, from_settings
from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.state import now
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted


def test_app_tells_who_it_is(github: StandInGitHub, app: AppClient) -> None:
    info = app.app()
    assert (info.id, info.slug, info.name) == (github.app_id, "fixci", "FixCI")
    assert info.permissions["checks"] == "write"
    assert "workflow_run" in info.events


def test_installations(github: StandInGitHub, place: Place, app: AppClient) -> None:
    (found,) = (one for one in app.installations() if one.id == place.installation.id)
    assert found == app.installation(place.installation.id)
    assert (found.account_login, found.account_type) == (place.repository.owner, "Organization")
    assert (found.repository_selection, found.suspended_at) == ("all", None)
    assert found.permissions["pull_requests"] == "write"
    github.suspend(place.installation)
    suspended = app.installation(place.installation.id)
    assert suspended.suspended_at is not None
    assert suspended.suspended_at.utcoffset() == timedelta(0)


def test_installation_that_is_no_more(github: StandInGitHub, place: Place, app: AppClient) -> None:
    github.uninstall(place.installation)
    with pytest.raises(NotFound):
        app.installation(place.installation.id)


def test_enterprise_has_a_slug_in_place_of_a_login(scripted: Scripted, credentials: Credentials) -> None:
    account = {"id": 8, "slug": "halden-group"}
    data = {"id": 7, "account": account, "target_type": "Enterprise", "created_at": 1_700_000_000}
    scripted.replies["GET /app/installations/7"] = Reply(json.dumps(data).encode())
    elsewhere = Credentials(app_id=credentials.app_id, private_key=credentials.private_key, api_url=scripted.url)
    found = AppClient(elsewhere).installation(7)
    assert (found.account_login, found.account_type, dict(found.permissions)) == (
        "halden-group",
        "Enterprise",
        {},
    )


def fail_deliveries(github: StandInGitHub, place: Place, count: int) -> list[str]:
    """Sends webhooks that nobody receives; their guids, oldest first."""
    github.app.webhook_url = "http://127.0.0.1:1/github/webhook"
    run = github.add_run(place.repository, [JobSpec()])
    guids = [github.send_workflow_run(run).guid for _ in range(count)]
    github.app.webhook_url = None
    return guids


def test_failed_deliveries_are_listed_newest_first(github: StandInGitHub, place: Place, app: AppClient) -> None:
    since = now() - timedelta(seconds=1)
    guids = fail_deliveries(github, place, 3)
    failed = [delivery for delivery in app.failed_deliveries(since) if delivery.guid in guids]
    assert [delivery.guid for delivery in failed] == guids[::-1]
    assert {delivery.event for delivery in failed} == {"workflow_run"}
    assert {delivery.action for delivery in failed} == {"completed"}
    assert {delivery.installation_id for delivery in failed} == {place.installation.id}
    assert {delivery.repository_id for delivery in failed} == {place.repository.id}


def test_failed_deliveries_before_the_moment_are_left_out(github: StandInGitHub, place: Place, app: AppClient) -> None:
    fail_deliveries(github, place, 1)
    assert app.failed_deliveries(now() + timedelta(minutes=1)) == ()


def test_failed_deliveries_over_several_pages(github: StandInGitHub, place: Place, app: AppClient) -> None:
    since = now() - timedelta(seconds=1)
    guids = fail_deliveries(github, place, 105)
    assert set(guids) <= {delivery.guid for delivery in app.failed_deliveries(since)}
    asked = github.requests("GET", "/app/hook/deliveries")
    assert len(asked) >= 2
    assert all("status=failure" in request.query for request in asked)
    assert "cursor=" in asked[-1].query


def test_redelivery_that_fails_again_is_one_entry(github: StandInGitHub, place: Place, app: AppClient) -> None:
    since = now() - timedelta(seconds=1)
    (guid,) = fail_deliveries(github, place, 1)
    (first,) = (delivery for delivery in app.failed_deliveries(since) if delivery.guid == guid)
    github.app.webhook_url = "http://127.0.0.1:1/github/webhook"
    app.redeliver(first.id)
    github.site.webhooks.drain()
    github.app.webhook_url = None
    (newest,) = (delivery for delivery in app.failed_deliveries(since) if delivery.guid == guid)
    assert newest.redelivery
    assert newest.id != first.id


def test_manifest_becomes_an_app(github: StandInGitHub, scripted: Scripted) -> None:
    made = {
        "id": 99,
        "slug": "fixci-halden",
        "name": "FixCI Halden",
        "owner": {"login": "halden"},
        "client_id": "Iv1.x",
        "client_secret": "c1-secret",
        "webhook_secret": "w1-secret",
        "pem": "p1-secret",
    }
    scripted.replies["POST /app-manifests/abc123/conversions"] = Reply(json.dumps(made).encode(), 201)
    registration = convert_manifest("abc123", api_url=scripted.url)
    assert (registration.id, registration.slug, registration.owner) == (99, "fixci-halden", "halden")
    assert (registration.client_secret, registration.webhook_secret, registration.pem) == (
        "c1-secret",
        "w1-secret",
        "p1-secret",
    )
    assert "secret" not in repr(registration).replace("client_secret", "")
    assert "authorization" not in scripted.seen[-1].headers


def test_manifest_code_that_was_used_or_is_old(github: StandInGitHub) -> None:
    with pytest.raises(NotFound):
        convert_manifest("neverissued", api_url=github.api_url)


@pytest.mark.parametrize("code", ["", "a/b", "a?b", "a\n", "x" * 101, ".."])
def test_manifest_code_that_cannot_be_one(code: str) -> None:
    with pytest.raises(InvalidName):
        convert_manifest(code, api_url="http://127.0.0.1:1")


def test_credentials_come_from_the_settings(settings: Settings) -> None:
    settings.GITHUB_APP_ID = "12"
    settings.GITHUB_APP_SLUG = "fixci"
    settings.GITHUB_APP_PRIVATE_KEY = "-----BEGIN-----\\nabc"
    settings.GITHUB_API_URL = "https://github.halden.example/api/v3"
    settings.GITHUB_WEB_URL = "https://github.halden.example"
    settings.GITHUB_LOG_HOSTS = ["logs.halden.example"]
    settings.REDIS_URL = "redis://:hunter2@redis:6379/0"
    found = from_settings()
    assert found == Credentials(
        app_id="12",
        app_slug="fixci",
        private_key="-----BEGIN-----\nabc",
        api_url="https://github.halden.example/api/v3",
        web_url="https://github.halden.example",
        log_hosts=("logs.halden.example",),
        redis_url="redis://:hunter2@redis:6379/0",
    )
    assert "hunter2" not in repr(found)
    assert "BEGIN" not in repr(found)
