"""The main job on real parts: a stand-in GitHub over HTTP, a real broker, a real worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote

import pytest
import time_machine
from celery import current_app
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from ci_analysis.github.connection import signed_tokens
from sandbox.github import StandInGitHub
from tests.pipeline.workers import Mother
from tests.pipeline.world import Desk, Place, World

NUMBERS = count(1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def standin() -> Iterator[StandInGitHub]:
    with StandInGitHub() as github:
        yield github


@pytest.fixture
def clean_standin(standin: StandInGitHub, settings: Settings) -> Iterator[StandInGitHub]:
    """The session's stand-in, with nothing going wrong before and after the test."""
    for name, value in standin.environment().items():
        setattr(settings, name, value)
    settings.GITHUB_LOG_HOSTS = list(standin.log_hosts)
    settings.ANALYSIS_RETRY_BASE_SECONDS = settings.ANALYSIS_RETRY_MAX_SECONDS = 0
    yield standin
    standin.site.faults.clear()
    standin.site.limits.restore()
    standin.site.links.override = None


def _place(standin: StandInGitHub) -> Place:
    """An account with one repository and one pull request that nobody else has."""
    account = f"halden-{next(NUMBERS)}"
    repository = standin.add_repository(f"{account}/ledger", private=True)
    installation = standin.install(account)
    pull_request = standin.open_pull_request(repository, title="Add totals", branch="totals", author="marit")
    return Place(standin, repository, installation, pull_request, Client())


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """It is noon, here and at GitHub, until the test says otherwise."""
    signed_tokens.cache_clear()
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock
    # Tokens signed at another time are refused now.
    signed_tokens.cache_clear()


@pytest.fixture
def world(clean_standin: StandInGitHub, transactional_db: None) -> World:
    """A world of its own for each test, on the session's stand-in, for real workers."""
    current_app.control.purge()
    return World(*_place(clean_standin))


@pytest.fixture
def desk(clean_standin: StandInGitHub, db: None) -> Desk:
    """The same without a worker: what is due is done in this process, when the test says so."""
    return Desk(*_place(clean_standin))


def _environment(standin: StandInGitHub) -> dict[str, str]:
    """A worker's: this test database, this broker, this stand-in, and no patience."""
    database = connection.settings_dict
    return {
        **standin.environment(),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgres://{database['USER']}@/{quote(database['HOST'])}/{database['NAME']}",
        "REDIS_URL": os.environ["REDIS_URL"],
        "ANALYSIS_RETRY_BASE_SECONDS": "0",
        "ANALYSIS_RETRY_MAX_SECONDS": "0",
        "SWEEP_AFTER_SECONDS": "0",
    }


@pytest.fixture(scope="session")
def mother(standin: StandInGitHub, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Mother]:
    with django_db_blocker.unblock():
        mother = Mother(_environment(standin))
    yield mother
    mother.close()


@pytest.fixture
def worker(mother: Mother, world: World) -> Iterator[int]:
    """A running worker, ended with the test."""
    pid = mother.start()
    yield pid
    mother.stop(pid)
