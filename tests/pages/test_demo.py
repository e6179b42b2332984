"""`manage.py demo`, against the stand-in GitHub."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from ci_analysis.models import Repository
from orgs import tenancy
from orgs.models import Membership, Organization, Role
from sandbox.github import StandInGitHub

EMAIL = "demo@fixci.example"


@pytest.fixture
def github(settings: Settings, db: None) -> Iterator[StandInGitHub]:
    settings.DEMO_SIGN_IN_EMAIL = EMAIL
    with StandInGitHub() as github:
        for name, value in github.environment().items():
            setattr(settings, name, value)
        settings.GITHUB_LOG_HOSTS = list(github.log_hosts)
        yield github


def demo() -> str:
    out = io.StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_demo_user_owns_every_organization_with_the_app(github: StandInGitHub) -> None:
    for account in ("halden", "harbour-lane"):
        github.add_repository(f"{account}/ledger")
        github.install(account)
    said = demo()
    assert f"{EMAIL} owns halden." in said
    assert f"{EMAIL} owns harbour-lane." in said
    user = User.objects.get(email=EMAIL)
    assert user.is_staff, "the console can be seen"
    with tenancy.memberships_of(user.pk):
        assert sorted(Membership.objects.values_list("org__name", "role")) == [
            ("halden", Role.OWNER),
            ("harbour-lane", Role.OWNER),
        ]
    with tenancy.all_organizations():
        assert Repository.objects.count() == 2


def test_running_it_again_changes_nothing(github: StandInGitHub) -> None:
    github.add_repository("halden/ledger")
    github.install("halden")
    demo()
    demo()
    assert User.objects.count() == 1
    with tenancy.all_organizations():
        assert Organization.objects.count() == Membership.objects.count() == Repository.objects.count() == 1


def test_an_app_that_is_installed_nowhere_is_told(github: StandInGitHub) -> None:
    assert "not installed anywhere yet" in demo()


def test_without_an_app_it_says_where_to_create_one(settings: Settings, db: None) -> None:
    settings.DEMO_SIGN_IN_EMAIL = EMAIL
    settings.GITHUB_APP_ID = settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_WEBHOOK_SECRET = ""
    assert "/setup/github-app/" in demo()
    assert User.objects.get().email == EMAIL


def test_github_being_down_is_a_clear_failure(github: StandInGitHub) -> None:
    github.fail("GET", "/app/installations", status=503)
    with pytest.raises(CommandError, match="GitHub could not be asked"):
        demo()


def test_it_refuses_where_nobody_may_sign_in_by_a_button(settings: Settings, db: None) -> None:
    settings.DEMO_SIGN_IN_EMAIL = None
    with pytest.raises(CommandError, match="not the settings of a demo"):
        demo()
    assert not User.objects.exists()
