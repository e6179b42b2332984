"""Alice owns Halden, Bob is a member of it, Charlie owns another organization."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.test import Client

from accounts.models import User
from ci_analysis.models import Analysis
from orgs.models import Organization, Role
from tests import factories


class UndefinedVariable(Exception):
    """A template names something that its view does not give."""


class _Raising(str):
    """Put in Django's place for undefined variables: it is formatted with the variable's name."""

    __slots__ = ()

    def __contains__(self, _key: object) -> bool:
        return True

    def __mod__(self, name: object) -> str:
        raise UndefinedVariable(str(name))


@pytest.fixture(autouse=True)
def undefined_variables_are_errors() -> Iterator[None]:
    backend = engines["django"]
    assert isinstance(backend, DjangoTemplates)
    before = backend.engine.string_if_invalid
    backend.engine.string_if_invalid = _Raising("%s")
    yield
    backend.engine.string_if_invalid = before


@pytest.fixture
def org(db: None) -> Organization:
    return factories.OrganizationFactory.create(name="Halden", slug="halden")


@pytest.fixture
def alice(org: Organization) -> User:
    return factories.MembershipFactory.create(org=org, user__email="alice@fixci.example", role=Role.OWNER).user


@pytest.fixture
def bob(org: Organization) -> User:
    return factories.MembershipFactory.create(org=org, user__email="bob@fixci.example", role=Role.MEMBER).user


@pytest.fixture
def charlie(db: None) -> User:
    return factories.MembershipFactory.create(org__slug="fern", user__email="charlie@fixci.example").user


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@fixci.example")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def analysis(org: Organization) -> Analysis:
    """Done: one job, one finding, a check run that is shown."""
    analysis = factories.AnalysisFactory.create(run__repository__installation__org=org)
    factories.FindingFactory.create(analysis=analysis)
    factories.PublicationFactory.create(analysis=analysis)
    return analysis
