from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from ci_analysis.models import Analysis, Installation, LogOutcome, Problem, Repository
from orgs import tenancy
from orgs.models import Organization
from tests import factories
from tests.browser.walk import Visitor

Scheme = Literal["light", "dark"]
VIEWS: list[tuple[Scheme, int]] = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
LONG = "E       AssertionError: " + "{'amount': Decimal('30.005'), 'currency': 'NOK'} != " * 8

Sample = tuple[str, str, str, str, int, str, int]
SAMPLES: list[Sample] = [
    # title, category, repository, branch, failed jobs, status, minutes ago
    ("error TS2345: Argument of type 'string | undefined' is not assignable to parameter of type 'Date'.",
     "types", "halden/shop", "delivery-date", 1, "done", 9),
    ("ModuleNotFoundError: No module named 'labels'", "dependency", "halden/orders", "postcodes", 12, "done", 31),
    ("", "", "halden/orders", "postcodes", 3, "failed", 58),
    ("panic: runtime error: index out of range [3] with length 3", "runtime", "halden/worker", "worker-retry",
     1, "done", 130),
    ("No space left on device", "resource", "halden/shop", "main", 2, "done", 60 * 26),
]  # fmt: skip


@pytest.fixture
def organization(transactional_db: None, settings: Settings) -> Organization:
    user = User.objects.create_user("demo@fixci.example", name="Demo", is_staff=True, is_superuser=True)
    settings.DEMO_SIGN_IN_EMAIL = user.email
    org = factories.OrganizationFactory.create(name="Halden", slug="halden")
    factories.MembershipFactory.create(org=org, user=user)
    return org


@pytest.fixture
def analysis(organization: Organization) -> Analysis:
    """The newest of several: two causes, a long line, a log that is gone, a comment that stands."""
    installation = factories.InstallationFactory.create(org=organization)
    now = timezone.now()
    for title, category, name, branch, jobs, status, minutes in SAMPLES:
        repository = _repository(installation, name)
        other = factories.AnalysisFactory.create(
            run=factories.RunFactory.create(repository=repository, head_branch=branch, workflow_name="CI"),
            category=category,
            jobs_failed=jobs,
            status=status,
            problem=Problem.LOGS_UNAVAILABLE if status == "failed" else "",
            requested_at=now - timedelta(minutes=minutes),
        )
        if title:
            factories.FindingFactory.create(analysis=other, title=title, category=category)
    run = factories.RunFactory.create(repository=_repository(installation, "halden/ledger"), workflow_name="Tests")
    analysis = factories.AnalysisFactory.create(
        run=run, jobs_failed=4, requested_at=now - timedelta(minutes=2), finished_at=now - timedelta(seconds=116)
    )
    first = factories.FindingFactory.create(
        analysis=analysis, job__name="test (ubuntu, 3.12)", job__redactions={"github": 3}
    )
    line = {"number": 122, "text": LONG, "evidence": True}
    first.excerpt = sorted([*first.excerpt, line], key=lambda line: line["number"])
    with tenancy.all_organizations():
        first.save()
    for leg in ("test (ubuntu, 3.13)", "test (macos, 3.13)"):
        factories.FindingFactory.create(analysis=analysis, job__name=leg, fingerprint=first.fingerprint)
    factories.FindingFactory.create(
        analysis=analysis,
        job__name="lint",
        title="ruff: F401 `decimal` imported but unused",
        category="lint",
        tool="ruff",
        confidence="0.700",
        file="ledger/totals.py",
        line=3,
        failed_tests=[],
        suggestion="Remove the import, or run `ruff check --fix`.",
        excerpt=[{"number": 44, "text": "ledger/totals.py:3:8: F401 `decimal` imported but unused", "evidence": True}],
    )
    factories.JobFactory.create(run=run, name="docs", log_outcome=LogOutcome.GONE)
    factories.PublicationFactory.create(analysis=analysis)
    pull_request = factories.PullRequestFactory.create(repository=run.repository, number=42)
    factories.PublicationFactory.create(analysis=None, pull_request=pull_request)
    return analysis


def _repository(installation: Installation, name: str) -> Repository:
    with tenancy.all_organizations():
        known = Repository.objects.select_related("org").filter(full_name=name).first()
    return known or factories.RepositoryFactory.create(installation=installation, full_name=name)


def test_a_walk_from_signing_in_to_the_line_that_failed(
    analysis: Analysis, live_server: LiveServer, browser: Browser
) -> None:
    for scheme, width in VIEWS:
        walk(Visitor(browser, live_server.url, scheme=scheme, width=width))


def walk(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    visitor.looks_around("sign-in")
    page.get_by_role("button", name="Sign in as the demo user").click()
    expect(page).to_have_url(re.compile(r"/o/halden/$"))
    visitor.looks_around("list")
    page.get_by_label("Category").select_option("types")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    page.get_by_role("link", name="assert 30.005").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 causes for 4 failed jobs")
    visitor.looks_around("analysis")
    page.get_by_role("link", name="Line 121").click()
    expect(page).to_have_url(re.compile("#L121$"))
    colour = "element => getComputedStyle(element).backgroundColor"
    lit, target = page.locator("#L120").evaluate(colour), page.locator("#L121").evaluate(colour)
    assert target not in (lit, page.locator("#L118").evaluate(colour))
    page.get_by_text("Analyse again").click()
    visitor.looks_around("analyse-again")
    page.goto("/setup/github-app/")
    visitor.looks_around("github-app")
    page.get_by_text("Demo", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to FixCI")
    visitor.looks_around("signed-out")


def test_empty_and_unhappy_pages_are_finished_too(
    organization: Organization, live_server: LiveServer, browser: Browser
) -> None:
    for scheme, width in (VIEWS[0], VIEWS[3]):
        meet_nothing(Visitor(browser, live_server.url, scheme=scheme, width=width))


def meet_nothing(visitor: Visitor) -> None:
    visitor.sign_in()
    expect(visitor.page.get_by_role("heading", level=2)).to_have_text("No failed run yet")
    visitor.looks_around("empty")
    visitor.page.goto("/o/halden/?category=lint")
    visitor.looks_around("no-match")
    for name, path in (("not-found", "/o/fern/"), ("link-unusable", "/sign-in/link?sesame=used")):
        visitor.page.goto(path)
        visitor.trouble = [text for text in visitor.trouble if "404" not in text and "410" not in text]
        visitor.looks_around(name)


def test_a_running_analysis_updates_itself_until_it_is_done(
    analysis: Analysis, live_server: LiveServer, browser: Browser
) -> None:
    _elsewhere(lambda: _set(analysis, status="running", finished_at=None))
    visitor = Visitor(browser, live_server.url, scheme="light", width=1280)
    visitor.sign_in(f"/o/halden/analyses/{analysis.pk}/")
    heading = visitor.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Reading the logs of 4 failed jobs")
    visitor.looks_around("running")
    _elsewhere(lambda: _set(analysis, status="done", finished_at=timezone.now()))
    expect(heading).to_have_text("2 causes for 4 failed jobs")
    expect(visitor.page).to_have_title(re.compile("^2 causes"))
    expect(visitor.page.locator("[data-live]")).to_have_count(0)


def test_a_new_analysis_appears_in_the_list_by_itself(
    organization: Organization, live_server: LiveServer, browser: Browser
) -> None:
    visitor = Visitor(browser, live_server.url, scheme="light", width=1280)
    visitor.sign_in()
    expect(visitor.page.get_by_text("No failed run yet")).to_be_visible()
    _elsewhere(lambda: factories.AnalysisFactory.create(run__repository__installation__org=organization))
    expect(visitor.page.locator("tbody tr")).to_have_count(1)
    expect(visitor.page.get_by_label("Category")).to_be_visible()
    assert visitor.trouble == []


def test_everything_works_without_script(analysis: Analysis, live_server: LiveServer, browser: Browser) -> None:
    visitor = Visitor(browser, live_server.url, scheme="light", width=1280, script=False)
    visitor.sign_in(f"/o/halden/analyses/{analysis.pk}/")
    visitor.page.get_by_text("Analyse again").click()
    visitor.page.get_by_role("button", name="Yes, read the logs again").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Waiting to be read")
    assert visitor.trouble == []


def _set(analysis: Analysis, **fields: object) -> None:
    with tenancy.all_organizations():
        Analysis.objects.filter(pk=analysis.pk).update(**fields)


def _elsewhere(change: Callable[[], object]) -> None:
    """In a thread without Playwright, where Django lets one use the database."""

    def run() -> None:
        change()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_the_console_opens_under_the_same_policy(analysis: Analysis, live_server: LiveServer, browser: Browser) -> None:
    visitor = Visitor(browser, live_server.url, scheme="light", width=1280)
    visitor.sign_in("/operate/")
    for name, path in (
        ("console", "/operate/"),
        ("console-list", "/operate/ci_analysis/analysis/"),
        ("console-row", f"/operate/ci_analysis/analysis/{analysis.pk}/change/"),
        ("console-mirror", "/operate/djstripe/customer/"),
    ):
        visitor.page.goto(path)
        visitor.takes_a_picture(name)
        assert visitor.trouble == []
