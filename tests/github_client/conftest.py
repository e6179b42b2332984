"""A stand-in GitHub for the whole session, and in it a repository for each test."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.conf import settings

from ci_analysis.github import AppClient, Credentials, InstallationClient
from sandbox.github import StandInGitHub
from sandbox.github.contract import Contract
from sandbox.github.models import Installation, Repository
from tests.github_client.scripted import Reply, Scripted, serving

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def running_stand_in() -> Iterator[StandInGitHub]:
    with StandInGitHub() as github:
        yield github


@pytest.fixture(scope="session")
def contract() -> Contract | None:
    """GitHub's own description of its API, for who has it: GITHUB_OPENAPI names the file."""
    path = os.environ.get("GITHUB_OPENAPI")
    return Contract(Path(path)) if path else None


@pytest.fixture
def github(running_stand_in: StandInGitHub, contract: Contract | None) -> Iterator[StandInGitHub]:
    yield running_stand_in
    if contract:
        seen = running_stand_in.requests()
        assert [problem for request in seen for problem in contract.check_request(request)] == []
    running_stand_in.site.faults.clear()
    running_stand_in.site.limits.restore()
    running_stand_in.site.requests.clear()
    running_stand_in.site.links.override = None
    running_stand_in.site.token_format = "stateless"


@dataclass(frozen=True)
class Place:
    """A repository of its own for each test, with the App installed."""

    repository: Repository
    installation: Installation

    @property
    def name(self) -> str:
        return self.repository.full_name


@pytest.fixture
def place(github: StandInGitHub) -> Place:
    owner = f"halden{next(_numbers)}"
    repository = github.add_repository(f"{owner}/ledger")
    return Place(repository, github.install(owner))


@pytest.fixture
def credentials(github: StandInGitHub) -> Credentials:
    return Credentials(
        app_id=str(github.app_id),
        private_key=github.private_key,
        app_slug=github.app_slug,
        api_url=github.api_url,
        web_url=github.web_url,
        log_hosts=github.log_hosts,
        redis_url=settings.REDIS_URL,
    )


@pytest.fixture
def client(place: Place, credentials: Credentials) -> Iterator[InstallationClient]:
    with InstallationClient(place.installation.id, credentials) as client:
        yield client


@pytest.fixture
def app(credentials: Credentials) -> Iterator[AppClient]:
    with AppClient(credentials) as client:
        yield client


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serving() as script:
        yield script


@pytest.fixture
def scripted_client(scripted: Scripted, credentials: Credentials) -> Iterator[InstallationClient]:
    """A client of the scripted server, which hands it a token."""
    scripted.replies["POST /app/installations/7/access_tokens"] = Reply(
        b'{"token": "ghs_scripted", "expires_at": "2099-01-01T00:00:00Z"}', 201
    )
    with InstallationClient(7, replace(credentials, api_url=scripted.url, redis_url=None)) as client:
        yield client
