"""A stand-in GitHub with a repository and the App on it, and clients that speak to it as an App would."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import jwt
import pytest
from werkzeug.serving import make_server

from sandbox.github import StandInGitHub
from sandbox.github.models import Installation, Permissions, PullRequest, Repository
from tests.sandbox.callers import AppJwt, Receiver, client, loaded, new_token


@pytest.fixture
def github() -> Iterator[StandInGitHub]:
    with StandInGitHub() as running:
        yield running


@pytest.fixture
def repository(github: StandInGitHub) -> Repository:
    return github.add_repository("halden/ledger", private=True)


@pytest.fixture
def installation(github: StandInGitHub, repository: Repository) -> Installation:
    return github.install(repository.owner)


@pytest.fixture
def pull(github: StandInGitHub, repository: Repository) -> PullRequest:
    return github.open_pull_request(repository)


@pytest.fixture
def app_jwt(github: StandInGitHub) -> AppJwt:
    """A JWT as an App makes it; keywords replace claims, seconds are counted from now."""

    def make(*, iat: float = -60, exp: float = 500, iss: object = None, key: str | None = None) -> str:
        claims = {"iat": int(time.time() + iat), "exp": int(time.time() + exp), "iss": iss or str(github.app_id)}
        return jwt.encode(claims, loaded(key or github.private_key), algorithm="RS256")

    return make


@pytest.fixture(scope="session")
def anybody() -> Iterator[httpx.Client]:
    """Somebody without credentials."""
    with client() as plain:
        yield plain


@pytest.fixture
def as_app(github: StandInGitHub, app_jwt: AppJwt) -> Iterator[httpx.Client]:
    with client(base_url=github.api_url, headers={"Authorization": f"Bearer {app_jwt()}"}) as caller:
        yield caller


@pytest.fixture
def api(github: StandInGitHub, as_app: httpx.Client, installation: Installation) -> Iterator[httpx.Client]:
    """As the installation, at the repository's address: `api.get("/pulls")`."""
    headers = {"Authorization": f"Bearer {new_token(as_app, installation)}"}
    with client(base_url=f"{github.api_url}/repos/halden/ledger", headers=headers) as caller:
        yield caller


@pytest.fixture
def limited_to(
    github: StandInGitHub, as_app: httpx.Client, installation: Installation
) -> Iterator[Callable[[Permissions], httpx.Client]]:
    """Clients with fewer permissions."""
    clients: list[httpx.Client] = []

    def make(permissions: Permissions) -> httpx.Client:
        headers = {"Authorization": f"Bearer {new_token(as_app, installation, permissions=permissions)}"}
        clients.append(client(base_url=f"{github.api_url}/repos/halden/ledger", headers=headers))
        return clients[-1]

    yield make
    for opened in clients:
        opened.close()


@pytest.fixture
def receiver(github: StandInGitHub) -> Iterator[Receiver]:
    """Where the App's webhooks go from now on."""
    door = Receiver()
    server = make_server("127.0.0.1", 0, door, threaded=True)
    door.url = github.app.webhook_url = f"http://127.0.0.1:{server.port}/github/webhook"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield door
    server.shutdown()
    server.server_close()
