"""The App's setup, with the stand-in GitHub making an App of the manifest that we send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from ci_analysis.models import GitHubApp
from ci_analysis.pages import app_manifest
from ci_analysis.services import github_app
from orgs import tenancy
from sandbox.github import StandInGitHub
from sandbox.github.app_forms import create_app

SETUP = "/setup/github-app/"
# GitHub takes each name of an App once.
NUMBERS = count(1)


@pytest.fixture(scope="module")
def github() -> Iterator[StandInGitHub]:
    with StandInGitHub() as github:
        yield github


@pytest.fixture
def staff(operator: User, signed_in: Callable[[User], Client], github: StandInGitHub, settings: Settings) -> Client:
    """An operator of a service without an App, on the stand-in."""
    settings.GITHUB_APP_ID = settings.GITHUB_APP_SLUG = ""
    settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_WEBHOOK_SECRET = ""
    settings.GITHUB_WEB_URL, settings.GITHUB_API_URL = github.web_url, github.api_url
    settings.PUBLIC_URL = "https://fixci.example"
    return signed_in(operator)


def form_of(client: Client, query: str = "") -> tuple[str, dict[str, object]]:
    """The form's address and the manifest in it."""
    html = unescape(client.get(f"{SETUP}?{query}").content.decode())
    action = re.search(r'<form method="post" action="([^"]*/settings/apps/new[^"]*)"', html)
    manifest = re.search(r'name="manifest" value="(.*)">', html)
    assert action
    assert manifest
    return action[1], json.loads(manifest[1])


def go_through(client: Client, github: StandInGitHub, query: str = "") -> str:
    """Press the button and confirm on GitHub; the address at which GitHub sends the browser back to us."""
    action, manifest = form_of(client, query)
    state = parse_qs(urlsplit(action).query)["state"][0]
    back = urlsplit(create_app(github.site, manifest, name=f"FixCI {next(NUMBERS)}", owner="halden", state=state))
    return f"{back.path}?{back.query}"


def stored() -> GitHubApp | None:
    return github_app.stored()


def test_an_app_is_created_in_one_go(staff: Client, github: StandInGitHub) -> None:
    back = go_through(staff, github)
    response = staff.get(back)
    assert response.headers["Location"] == SETUP
    app = stored()
    assert app
    made = github.state.app(app.app_id)
    assert (app.slug, app.webhook_secret) == (made.slug, made.webhook_secret)
    assert "PRIVATE KEY" in app.private_key
    html = staff.get(SETUP).content.decode()
    assert f"{github.web_url}/apps/{app.slug}/installations/new" in html
    assert "is created and its keys are stored" in html
    assert app.webhook_secret not in html


def test_the_secrets_are_not_readable_in_the_database(staff: Client, github: StandInGitHub) -> None:
    staff.get(go_through(staff, github))
    app = stored()
    assert app
    with tenancy.all_organizations(), connection.cursor() as cursor:
        cursor.execute("SELECT private_key, webhook_secret, client_secret FROM ci_analysis_githubapp")
        row = " ".join(cursor.fetchone())
    assert "PRIVATE KEY" not in row
    assert app.webhook_secret not in row
    assert app.client_secret not in row


def test_the_manifest_asks_for_what_the_page_says_and_no_more(staff: Client) -> None:
    _, manifest = form_of(staff)
    assert manifest["default_permissions"] == {
        "metadata": "read",
        "actions": "read",
        "checks": "write",
        "pull_requests": "write",
        "contents": "read",
    }
    assert manifest["default_events"] == ["workflow_run", "check_run"]
    assert manifest["hook_attributes"] == {"url": "https://fixci.example/github/webhook", "active": True}
    assert manifest["redirect_url"] == "https://fixci.example/setup/github-app/created/"
    assert manifest["setup_url"] == "https://fixci.example/"
    html = unescape(staff.get(SETUP).content.decode())
    for name, _level, reason in app_manifest.PERMISSIONS:
        assert f"<code>{name}</code>" in html
        assert reason in html
    for name, reason in app_manifest.EVENTS:
        assert f"<code>{name}</code>" in html
        assert reason in html


def test_the_form_may_be_sent_to_github_and_nowhere_else(staff: Client, github: StandInGitHub) -> None:
    policy = staff.get(SETUP).headers["Content-Security-Policy"]
    assert f"form-action 'self' {github.web_url};" in policy + ";"
    assert github.web_url not in staff.get("/").headers["Content-Security-Policy"]


def test_an_organization_may_own_the_app(staff: Client, github: StandInGitHub) -> None:
    own, _ = form_of(staff)
    assert own.startswith(f"{github.web_url}/settings/apps/new?state=")
    theirs, _ = form_of(staff, "organization=harbour-lane")
    assert theirs.startswith(f"{github.web_url}/organizations/harbour-lane/settings/apps/new?state=")


@pytest.mark.parametrize("name", ["-x", "x-", "a--b", "a/b", "../x", "ä", "a b", "x" * 40, "%2e"])
def test_a_name_that_no_organization_has_is_refused(name: str, staff: Client) -> None:
    html = staff.get(SETUP, {"organization": name}).content.decode()
    assert "GitHub has no organizations of such a name" in html
    assert "/settings/apps/new" not in html


@pytest.mark.parametrize("state", ["", "x", "a:b:c"])
def test_a_return_without_our_state_stores_nothing(state: str, staff: Client, github: StandInGitHub) -> None:
    back = parse_qs(urlsplit(go_through(staff, github)).query)
    response = staff.get(f"{SETUP}created/", {"code": back["code"][0], "state": state})
    assert response.status_code == 400
    assert "does not carry the state" in response.content.decode()
    assert stored() is None


def test_a_return_in_another_browser_stores_nothing(
    staff: Client, github: StandInGitHub, operator: User, signed_in: Callable[[User], Client]
) -> None:
    back = go_through(staff, github)
    assert "another browser" in signed_in(operator).get(back).content.decode()
    assert stored() is None


def test_a_return_that_is_used_twice_stores_once(staff: Client, github: StandInGitHub) -> None:
    back = go_through(staff, github)
    staff.get(back)
    before = stored()
    assert staff.get(back).status_code == 400
    assert stored() == before


def test_a_return_after_an_hour_stores_nothing(staff: Client, github: StandInGitHub) -> None:
    back = go_through(staff, github)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert "More than an hour" in staff.get(back).content.decode()
    assert stored() is None


def test_a_code_that_github_does_not_know_is_told(staff: Client, github: StandInGitHub) -> None:
    back = go_through(staff, github)
    wrong = re.sub(r"code=[^&]+", "code=unknown", back)
    assert "GitHub does not know the code" in staff.get(wrong).content.decode()
    assert stored() is None


def test_github_being_down_is_told(staff: Client, github: StandInGitHub) -> None:
    back = go_through(staff, github)
    github.fail("POST", "/app-manifests/", status=503)
    assert staff.get(back).status_code == 502
    github.site.faults.clear()
    assert stored() is None


def test_replacing_an_app_asks_first(staff: Client, github: StandInGitHub) -> None:
    staff.get(go_through(staff, github))
    first = stored()
    html = staff.get(SETUP).content.decode()
    assert "/settings/apps/new" not in html
    assert "I understand, create another App" in html
    staff.get(go_through(staff, github, "replace=yes"))
    second = stored()
    assert first
    assert second
    assert first.app_id != second.app_id


def test_a_form_from_before_there_was_an_app_does_not_replace_it(
    staff: Client, github: StandInGitHub, operator: User, signed_in: Callable[[User], Client]
) -> None:
    back = go_through(staff, github)
    other = signed_in(operator)
    other.get(go_through(other, github))
    first = stored()
    assert "you were not asked about replacing it" in staff.get(back).content.decode()
    assert stored() == first


def test_an_app_of_the_environment_leaves_nothing_to_do(staff: Client, settings: Settings) -> None:
    settings.GITHUB_APP_ID = settings.GITHUB_APP_SLUG = "4711"
    settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_WEBHOOK_SECRET = "secret-of-the-environment"
    html = staff.get(SETUP).content.decode()
    assert "It comes from the environment" in html
    assert "/settings/apps/new" not in html
    assert "secret-of-the-environment" not in html
