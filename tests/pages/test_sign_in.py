from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import sign_in_links
from accounts.checks import demo_sign_in_is_local
from accounts.models import User

DEMO = "demo@fixci.example"


@pytest.fixture
def demo_user(db: None, settings: Settings) -> User:
    settings.DEMO_SIGN_IN_EMAIL = DEMO
    return User.objects.create_user(DEMO)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["sesame"][0]


def press(client: Client, link: str, **fields: str) -> Any:
    return client.post(reverse("accounts:sign_in_link"), {"sesame": token_of(link), **fields})


def test_without_a_demo_user_the_page_says_how_to_get_a_link(client: Client, db: None) -> None:
    html = client.get("/sign-in").content.decode()
    assert "manage.py sign_in_link" in html
    assert "10 minutes" in html
    assert "<form" not in html


def test_without_a_demo_user_nobody_gets_in_by_a_button(client: Client, alice: User) -> None:
    assert client.post("/sign-in").status_code == 403
    assert not is_signed_in(client)


def test_the_demo_user_signs_in_by_a_button(client: Client, demo_user: User) -> None:
    assert "Sign in as the demo user" in client.get("/sign-in").content.decode()
    assert client.post("/sign-in", {"next": "/o/halden/"}).headers["Location"] == "/o/halden/"
    assert is_signed_in(client)


def test_a_demo_user_who_is_missing_or_inactive_does_not_get_in(client: Client, demo_user: User) -> None:
    demo_user.is_active = False
    demo_user.save()
    response = client.post("/sign-in")
    assert response.status_code == 503
    assert "does not exist yet" in response.content.decode()
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil"]
)
def test_signing_in_leads_to_no_other_host(elsewhere: str, client: Client, demo_user: User) -> None:
    assert client.post("/sign-in", {"next": elsewhere}).headers["Location"] == "/"
    assert client.get("/sign-in", {"next": elsewhere}).headers["Location"] == "/"
    demo_user.refresh_from_db()
    link = sign_in_links.create(demo_user)
    assert press(Client(), link, next=elsewhere).headers["Location"] == "/"


def test_the_demo_button_is_refused_where_anybody_could_press_it(settings: Settings) -> None:
    settings.DEMO_SIGN_IN_EMAIL, settings.DEBUG = DEMO, False
    assert [error.id for error in demo_sign_in_is_local()] == ["accounts.E001"]
    settings.DEBUG = True
    assert demo_sign_in_is_local() == []
    settings.DEMO_SIGN_IN_EMAIL, settings.DEBUG = None, False
    assert demo_sign_in_is_local() == []


def test_looking_at_a_link_does_not_sign_in_and_does_not_use_it_up(client: Client, alice: User) -> None:
    link = sign_in_links.create(alice, next_path="/o/halden/")
    for _ in range(3):
        html = client.get(path_of(link)).content.decode()
        assert "alice@fixci.example" in html
        assert 'name="next" value="/o/halden/"' in html
    assert client.head(path_of(link)).status_code == 200
    assert not is_signed_in(client)
    assert press(client, link).headers["Location"] == "/"
    assert is_signed_in(client)


def test_a_link_works_once(client: Client, alice: User) -> None:
    link = sign_in_links.create(alice)
    press(client, link)
    other = Client()
    response = press(other, link)
    assert response.status_code == 410
    assert "does not work any more" in response.content.decode()
    assert not is_signed_in(other)
    assert other.get(path_of(link)).status_code == 410


def test_a_link_ends_after_ten_minutes(client: Client, alice: User) -> None:
    with time_machine.travel("2026-11-21 10:00:00Z", tick=False) as clock:
        link = sign_in_links.create(alice)
        clock.shift(9 * 60)
        assert client.get(path_of(link)).status_code == 200
        clock.shift(2 * 60)
        assert client.get(path_of(link)).status_code == 410
        assert press(client, link).status_code == 410


def test_a_link_of_somebody_who_was_deactivated_does_not_work(client: Client, alice: User) -> None:
    link = sign_in_links.create(alice)
    alice.is_active = False
    alice.save()
    assert press(client, link).status_code == 410


@pytest.mark.parametrize("token", ["", "x", "a" * 40, "a:b", "\0"])
def test_a_token_that_is_none_gets_a_clear_answer(token: str, client: Client, db: None) -> None:
    assert client.get("/sign-in/link", {"sesame": token}).status_code == 410
    assert client.post("/sign-in/link", {"sesame": token}).status_code == 410
    assert client.get("/sign-in/link").status_code == 410


def test_the_session_gets_a_new_key(client: Client, alice: User) -> None:
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    press(client, sign_in_links.create(alice))
    assert client.session.session_key != before


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_link_one_gets_in(alice: User) -> None:
    token = token_of(sign_in_links.create(alice))

    def post(_number: int) -> int:
        try:
            return Client().post("/sign-in/link", {"sesame": token}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(post, range(4))) == [302, 410, 410, 410]


def test_signing_out_needs_the_button(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/sign-out").status_code == 405
    assert is_signed_in(client)
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "/sign-out"])
def test_a_form_of_another_site_is_refused(path: str, demo_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(path)
    assert response.status_code == 403
    assert "Please send the form again" in response.content.decode()


def test_pages_of_signing_in_are_not_kept_by_anybody(client: Client, alice: User) -> None:
    for path in ("/sign-in", path_of(sign_in_links.create(alice))):
        assert "no-store" in client.get(path).headers["Cache-Control"]


def test_the_command_prints_a_link_that_works(client: Client, alice: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://fixci.example"
    out = io.StringIO()
    call_command("sign_in_link", "ALICE@fixci.example", stdout=out)
    link = out.getvalue().strip()
    assert link.startswith("https://fixci.example/sign-in/link?sesame=")
    page = unescape(client.get(path_of(link)).content.decode())
    assert re.search(r'name="sesame" value="([^"]+)"', page)[1] == token_of(link)  # type: ignore[index]
    press(client, link)
    assert is_signed_in(client)


def test_the_command_refuses_who_is_unknown_or_inactive(alice: User) -> None:
    alice.is_active = False
    alice.save()
    for email in (alice.email, "nobody@fixci.example"):
        with pytest.raises(CommandError, match="no active user"):
            call_command("sign_in_link", email)


def test_createsuperuser_makes_an_operator(db: None) -> None:
    call_command("createsuperuser", "--noinput", "--email", "first@fixci.example", stdout=io.StringIO())
    first = User.objects.get(email="first@fixci.example")
    assert (first.is_staff, first.is_superuser, first.has_usable_password()) == (True, True, False)
    with pytest.raises(CommandError, match="There is a user with this e-mail address already"):
        call_command("createsuperuser", "--noinput", "--email", "First@fixci.example", stdout=io.StringIO())
