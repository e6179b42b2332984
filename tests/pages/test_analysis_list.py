from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from ci_analysis.models import Analysis, Installation, Problem, Repository
from ci_analysis.pages import analysis_list
from ci_analysis.pages.analysis_list import PAGE_SIZE, Filters, Position
from orgs import tenancy
from orgs.models import Organization
from tests import factories

PATH = "/o/halden/"


@pytest.fixture
def repository(org: Organization) -> Repository:
    return factories.RepositoryFactory.create(installation__org=org, full_name="halden/ledger")


@pytest.fixture
def listed(alice: User, signed_in: Callable[[User], Client]) -> Callable[[str], str]:
    client = signed_in(alice)

    def html(query: str = "") -> str:
        response = client.get(f"{PATH}?{query}" if query else PATH)
        assert response.status_code == 200
        return unescape(response.content.decode())

    return html


def add(repository: Repository, *, minutes_ago: int = 0, title: str = "", **fields: object) -> Analysis:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    analysis = factories.AnalysisFactory.create(run__repository=repository, requested_at=at, **fields)
    if title:
        factories.FindingFactory.create(analysis=analysis, title=title)
    return analysis


def shown_ids(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="rows-link" href="/o/halden/analyses/(\d+)/"', html)]


def link(html: str, relation: str) -> str | None:
    match = re.search(rf'rel="{relation}" href="\?([^"]+)"', html)
    return match[1] if match else None


def test_the_newest_comes_first_with_what_one_wants_to_know(repository: Repository, listed: Callable[..., str]) -> None:
    old = add(repository, minutes_ago=5, title="the older failure", jobs_failed=3, category="lint")
    new = add(repository, minutes_ago=1, title="the newer failure")
    html = listed()
    assert shown_ids(html) == [new.pk, old.pk]
    for words in ("the older failure", "halden/ledger", "round-totals", "CI", 'data-category="lint"', "Explained"):
        assert words in html
    assert re.search(r'data-label="failed jobs">3<', html)


def test_causes_are_counted_and_not_findings(repository: Repository, listed: Callable[..., str]) -> None:
    analysis = add(repository)
    for number in range(4):
        for _ in range(3):
            factories.FindingFactory.create(
                analysis=analysis, title=f"cause {number}", fingerprint=f"f1:{number}", confidence=f"0.{number + 1}"
            )
    html = listed()
    assert html.count("cause 3") == html.count("cause 2") == 1, "the surest two, once each"
    assert "and 2 more" in html
    assert "cause 1" not in html


def test_an_analysis_without_an_answer_says_why_or_that_it_runs(
    repository: Repository, listed: Callable[..., str]
) -> None:
    add(repository, status="failed", problem=Problem.FORBIDDEN, category="")
    assert Problem.FORBIDDEN.label in listed()
    add(repository, status="queued", category="")
    assert "Reading the logs" in listed()


def test_what_changes_by_itself_is_followed(repository: Repository, listed: Callable[..., str]) -> None:
    rows = [add(repository, minutes_ago=number) for number in range(PAGE_SIZE + 1)]
    assert "data-live" in listed(), "new ones come on top"
    older = str(link(listed(), "next"))
    assert "data-live" not in listed(older)
    with tenancy.all_organizations():
        Analysis.objects.filter(pk=rows[-1].pk).update(status="running")
    assert "data-live" in listed(older)


def test_another_organization_is_not_in_the_list(repository: Repository, listed: Callable[..., str]) -> None:
    own = add(repository)
    factories.AnalysisFactory.create(run__repository__full_name="fern/secret")
    html = listed()
    assert shown_ids(html) == [own.pk]
    assert "fern/secret" not in html


def test_walking_to_the_end_and_back_shows_each_row_once(repository: Repository, listed: Callable[..., str]) -> None:
    # Three of a kind at each moment: the id decides between them.
    expected = [add(repository, minutes_ago=number // 3).pk for number in range(2 * PAGE_SIZE + 7)]
    with tenancy.all_organizations():
        expected = list(Analysis.objects.order_by("-requested_at", "-pk").values_list("pk", flat=True))
    pages = [listed()]
    while older := link(pages[-1], "next"):
        pages.append(listed(older))
    assert [len(shown_ids(page)) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 7]
    assert [number for page in pages for number in shown_ids(page)] == expected
    back = listed(str(link(pages[2], "prev")))
    assert shown_ids(back) == shown_ids(pages[1])
    first = listed(str(link(back, "prev")))
    assert shown_ids(first) == shown_ids(pages[0])
    assert link(first, "prev") is None
    assert link(pages[0], "prev") is None


def test_going_to_newer_ones_near_the_top_shows_a_full_page(repository: Repository, listed: Callable[..., str]) -> None:
    for number in range(PAGE_SIZE + 3):
        add(repository, minutes_ago=number)
    third = shown_ids(listed())[2]
    with tenancy.all_organizations():
        place = Position.of(Analysis.objects.get(pk=third))
    html = listed(f"after={place}")
    assert shown_ids(html) == shown_ids(listed())
    assert link(html, "next")


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "99999999999999999-1", "1-1; DROP", "1-9999999999999999999"])
def test_a_place_that_is_none_shows_the_first_page(
    text: str, repository: Repository, listed: Callable[..., str]
) -> None:
    own = add(repository)
    assert shown_ids(listed(f"before={text}")) == [own.pk]


def test_a_place_survives_the_address() -> None:
    place = Position(timezone.now(), 17)
    assert Position.parse(str(place)) == place


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("repository=halden/ledger", {"ledger", "failed", "waiting"}),
        ("repository=halden/other", {"other"}),
        ("repository=halden/unknown", set()),
        ("result=explained", {"ledger", "other"}),
        ("result=unexplained", {"failed"}),
        ("result=open", {"waiting"}),
        ("result=nonsense", {"ledger", "other", "failed", "waiting"}),
        ("category=lint", {"other"}),
        ("category=nonsense", {"ledger", "other", "failed", "waiting"}),
        ("category=test&result=explained&repository=halden/ledger", {"ledger"}),
        ("repository=%00", set[str]()),
    ],
)
def test_filters(query: str, expected: set[str], repository: Repository, listed: Callable[..., str]) -> None:
    with tenancy.all_organizations():
        installation = Installation.objects.select_related("org").get()
    other = factories.RepositoryFactory.create(installation=installation, full_name="halden/other")
    rows = {
        "ledger": add(repository),
        "other": add(other, category="lint"),
        "failed": add(repository, status="failed", problem=Problem.FORBIDDEN, category=""),
        "waiting": add(repository, status="queued", category=""),
    }
    names = {row.pk: name for name, row in rows.items()}
    # A NUL can't be in a name, and PostgreSQL refuses it: without it nothing is asked for.
    wanted = expected if query != "repository=%00" else set(rows)
    assert {names[number] for number in shown_ids(listed(query))} == wanted


def test_the_next_page_keeps_the_filters(repository: Repository, listed: Callable[..., str]) -> None:
    for number in range(PAGE_SIZE + 1):
        add(repository, minutes_ago=number, category="lint")
    older = str(link(listed("category=lint&repository=halden/ledger"), "next"))
    assert Filters.of(QueryDict(older)) == Filters(repository="halden/ledger", category="lint")


def test_nothing_that_matches_is_not_the_same_as_nothing_yet(
    repository: Repository, listed: Callable[..., str]
) -> None:
    assert "No failed run yet" in listed()
    assert "No analysis matches" in listed("category=lint")


def test_the_first_use_leads_to_the_app(org: Organization, listed: Callable[..., str], settings: Settings) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_SLUG = "1", "fixci-halden"
    settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_WEBHOOK_SECRET = "x"
    settings.GITHUB_WEB_URL = "https://github.example"
    assert 'href="https://github.example/apps/fixci-halden/installations/new"' in listed()


def test_the_first_use_of_the_demo_leads_to_the_stand_in(
    org: Organization, listed: Callable[..., str], settings: Settings
) -> None:
    settings.DEMO_SIGN_IN_EMAIL = "demo@fixci.example"
    settings.GITHUB_WEB_URL = "http://127.0.0.1:8010"
    html = listed()
    assert 'href="http://127.0.0.1:8010"' in html
    assert "this run fails" in html


def test_the_number_of_queries_does_not_grow(
    repository: Repository, alice: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(alice)
    add(repository, title="one")
    with CaptureQueriesContext(connection) as for_one:
        client.get(PATH)
    for number in range(12):
        installation = factories.InstallationFactory.create(org=repository.org)
        another = factories.RepositoryFactory.create(installation=installation)
        add(another, title=f"failure {number}", minutes_ago=number)
    with CaptureQueriesContext(connection) as for_many:
        assert len(shown_ids(client.get(PATH).content.decode())) == 13
    assert len(for_many) == len(for_one)


def test_the_page_asks_two_questions(org: Organization, repository: Repository) -> None:
    add(repository, title="one")
    with tenancy.organization(org.pk), CaptureQueriesContext(connection) as captured:
        analysis_list.page(org, Filters(), QueryDict(""))
    asked = [query["sql"] for query in captured if 'FROM "ci_analysis' in query["sql"]]
    assert len(asked) == 2


def test_home_leads_to_the_first_organization(alice: User, signed_in: Callable[[User], Client]) -> None:
    factories.MembershipFactory.create(org__name="Alpha", org__slug="alpha", user=alice)
    assert signed_in(alice).get("/").headers["Location"] == reverse("ci_analysis:analyses", args=["alpha"])


def test_who_has_two_organizations_can_go_to_the_other(alice: User, listed: Callable[..., str]) -> None:
    assert "data-menu" in listed()
    assert "/o/alpha/" not in listed()
    factories.MembershipFactory.create(org__name="Alpha", org__slug="alpha", user=alice)
    assert 'href="/o/alpha/"' in listed()


def test_home_without_an_organization_says_what_to_do(
    db: None, signed_in: Callable[[User], Client], settings: Settings
) -> None:
    lonely = User.objects.create_user("lonely@fixci.example")
    html = signed_in(lonely).get("/").content.decode()
    assert "has no GitHub App yet" in html
    settings.GITHUB_APP_ID, settings.GITHUB_APP_SLUG = "1", "fixci-halden"
    settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_WEBHOOK_SECRET = "x"
    html = signed_in(lonely).get("/").content.decode()
    assert "/apps/fixci-halden/installations/new" in html
    assert "lonely@fixci.example" in html


def test_home_sends_staff_without_an_app_to_create_one(operator: User, signed_in: Callable[[User], Client]) -> None:
    assert reverse("ci_analysis:github_app") in signed_in(operator).get("/").content.decode()


def test_home_asks_who_is_not_signed_in(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"] == "/sign-in?next=/"
