"""What holds for each page: nothing inline that the content security policy would refuse, and finished error pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.staticfiles import finders
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults
from pytest_django.fixtures import Settings

from accounts import sign_in_links
from accounts.models import User
from ci_analysis.models import Analysis

TEMPLATES = Path(project.BASE_DIR) / "templates"
OWN_TEMPLATES = sorted(path for path in TEMPLATES.rglob("*.html") if path.parent.name != "admin")
INLINE = {"style", "srcdoc"}


class Refused(HTMLParser):
    """What the policy `default-src 'self'` would not run, and tags that are not closed as they were opened."""

    VOID = {"meta", "link", "input", "img", "br", "hr"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.found += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [f"{name} on <{tag}>" for name in names if name in INLINE or name.startswith("on")]
        self.found += [f"{value} on <{tag}>" for value in names.values() if value and value.startswith("javascript:")]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"inline <{tag}>")
        for name in ("src", "href" if tag == "link" else "src"):
            if not (names.get(name) or "/").startswith("/"):
                self.found.append(f"{names[name]} comes from elsewhere")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> closes another one")


@pytest.fixture
def pages(analysis: Analysis, alice: User, operator: User, signed_in: Callable[[User], Client]) -> dict[str, str]:
    """Every page, in the states that have markup of their own."""
    owner, staff, nobody = signed_in(alice), signed_in(operator), Client()
    link = sign_in_links.create(alice).removeprefix(project.PUBLIC_URL)
    asked = [
        (owner, reverse("ci_analysis:analyses", args=["halden"])),
        (owner, reverse("ci_analysis:analyses", args=["halden"]) + "?category=lint"),
        (owner, reverse("ci_analysis:analysis", args=["halden", analysis.pk])),
        (staff, "/"),
        (staff, "/setup/github-app/"),
        (staff, "/setup/github-app/?organization=-"),
        (staff, "/setup/github-app/created/"),
        (nobody, "/sign-in"),
        (nobody, link),
        (nobody, "/sign-in/link"),
        (nobody, "/nothing-here"),
    ]
    return {path: client.get(path).content.decode() for client, path in asked}


def test_no_page_has_anything_that_the_policy_refuses(pages: dict[str, str]) -> None:
    assert len(pages) == 11
    assert {path: Refused(html).found for path, html in pages.items() if Refused(html).found} == {}


def test_every_page_is_sent_with_the_policy(client: Client, db: None) -> None:
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_every_page_has_a_title_of_its_own(pages: dict[str, str]) -> None:
    titles = [re.search(r"<title>(.*?)</title>", html, re.DOTALL) for html in pages.values()]
    assert all(title and title[1].strip() not in ("", "FixCI") for title in titles)


@pytest.mark.parametrize("path", OWN_TEMPLATES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_switches_escaping_off(path: Path) -> None:
    assert not re.search(r"\|\s*safe|autoescape|safeseq", path.read_text())


def test_static_files_of_the_pages_are_there(pages: dict[str, str]) -> None:
    html = "".join(pages.values()) + (TEMPLATES / "500.html").read_text()
    named = set(re.findall(r'(?:src|href)="/static/([^"]+)"', html))
    assert named == {"fixci.css", "fixci.js", "favicon.svg"}
    assert all(finders.find(name) for name in named)


def test_error_pages_are_ours_and_say_what_to_do(rf: RequestFactory) -> None:
    request = rf.get("/")
    answers: dict[int, HttpResponse] = {
        400: defaults.bad_request(request, BadRequest()),
        403: defaults.permission_denied(_with_user(request), PermissionDenied()),
        500: defaults.server_error(request),
    }
    for status, answer in answers.items():
        html = answer.content.decode()
        assert answer.status_code == status
        assert f"Error {status}" in html
        assert Refused(html).found == []
        assert 'href="/"' in html


def test_the_page_for_our_own_errors_depends_on_nothing() -> None:
    source = (TEMPLATES / "500.html").read_text()
    assert "{%" not in source
    assert "{{" not in source
    assert render_to_string("500.html") == source


def test_an_unknown_address_gets_the_page_of_404(client: Client, db: None, settings: Settings) -> None:
    response = client.get("/o/<script>alert(1)</script>/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert "alert(1)" not in response.content.decode()


def _with_user(request: HttpRequest) -> HttpRequest:
    request.user = User(email="alice@fixci.example")
    return request
