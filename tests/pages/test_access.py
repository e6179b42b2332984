"""Who may open what: over all routes that there are, so that a new one is covered without being listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from ci_analysis.models import Analysis
from orgs.models import Organization, Role
from tests import factories

# The value of each parameter of a route. A new parameter fails the test until it is given here.
PARAMETERS = {"org_slug": "halden", "analysis_id": 0}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from routes(entry, route)
        else:
            yield route, entry


ORGANIZATION_ROUTES = [
    pytest.param(f"ci_analysis:{pattern.name}", sorted(pattern.pattern.converters), id=str(pattern.name))
    for route, pattern in routes(get_resolver())
    if "<slug:org_slug>" in route
]


def address(name: str, parameters: list[str], analysis: Analysis) -> str:
    values = PARAMETERS | {"analysis_id": analysis.pk}
    return reverse(name, kwargs={parameter: values[parameter] for parameter in parameters})


def test_there_are_routes_of_an_organization() -> None:
    assert len(ORGANIZATION_ROUTES) >= 3


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "parameters"), ORGANIZATION_ROUTES)
def test_an_outsider_gets_404(
    name: str,
    parameters: list[str],
    method: str,
    analysis: Analysis,
    charlie: User,
    signed_in: Callable[[User], Client],
) -> None:
    assert getattr(signed_in(charlie), method)(address(name, parameters, analysis)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "parameters"), ORGANIZATION_ROUTES)
def test_who_is_not_signed_in_is_asked_to(
    name: str, parameters: list[str], method: str, analysis: Analysis, client: Client
) -> None:
    path = address(name, parameters, analysis)
    response = getattr(client, method)(path)
    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('accounts:sign_in')}?next={path}"


def test_an_analysis_of_another_organization_is_404_under_the_own_one(
    analysis: Analysis, charlie: User, signed_in: Callable[[User], Client]
) -> None:
    path = reverse("ci_analysis:analysis", args=["fern", analysis.pk])
    assert signed_in(charlie).get(path).status_code == 404
    again = reverse("ci_analysis:analyze_again", args=["fern", analysis.pk])
    assert signed_in(charlie).post(again).status_code == 404


def test_every_member_may_read(
    analysis: Analysis, bob: User, org: Organization, signed_in: Callable[[User], Client]
) -> None:
    viewer = factories.MembershipFactory.create(org=org, role=Role.VIEWER).user
    path = reverse("ci_analysis:analysis", args=["halden", analysis.pk])
    for user in (bob, viewer):
        assert signed_in(user).get(path).status_code == 200


def test_who_may_only_read_is_not_offered_to_analyse_again(
    analysis: Analysis, org: Organization, bob: User, signed_in: Callable[[User], Client]
) -> None:
    viewer = signed_in(factories.MembershipFactory.create(org=org, role=Role.VIEWER).user)
    again = reverse("ci_analysis:analyze_again", args=["halden", analysis.pk])
    page = reverse("ci_analysis:analysis", args=["halden", analysis.pk])
    assert viewer.post(again).status_code == 404
    assert again not in viewer.get(page).content.decode()
    assert again in signed_in(bob).get(page).content.decode()


@pytest.mark.parametrize("name", ["ci_analysis:github_app", "ci_analysis:github_app_created"])
def test_the_apps_setup_is_for_staff(
    name: str, alice: User, client: Client, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(alice).get(reverse(name)).status_code == 404
    assert client.get(reverse(name)).headers["Location"].startswith(reverse("accounts:sign_in"))
