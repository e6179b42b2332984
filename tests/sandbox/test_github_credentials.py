"""Who may call the stand-in GitHub, and what it answers to others."""

from collections.abc import Callable

import httpx
import pytest
import time_machine

from sandbox.github import StandInGitHub
from sandbox.github.keys import new_private_key
from sandbox.github.models import Installation, Permissions, PullRequest, Repository
from tests.sandbox.callers import AppJwt, new_token


def test_app_is_recognised_by_its_jwt(as_app: httpx.Client, github: StandInGitHub) -> None:
    answer = as_app.get("/app")

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["slug"]) == (github.app_id, "fixci")


def test_client_id_may_stand_for_the_app_id(as_app: httpx.Client, app_jwt: AppJwt, github: StandInGitHub) -> None:
    value = app_jwt(iss=github.app.client_id)

    assert as_app.get("/app", headers={"Authorization": f"Bearer {value}"}).status_code == 200


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"iat": 120}, "Issued at"),
        ({"exp": -5}, "Expiration time"),
        ({"exp": 700}, "too far in the future"),
        ({"iss": "12"}, "Issuer"),
        ({"key": new_private_key()}, "could not be decoded"),
    ],
    ids=["issued-in-the-future", "expired", "longer-than-ten-minutes", "unknown-app", "another-key"],
)
def test_bad_jwt_is_refused(as_app: httpx.Client, app_jwt: AppJwt, claims: dict[str, object], complaint: str) -> None:
    answer = as_app.get("/app", headers={"Authorization": f"Bearer {app_jwt(**claims)}"})

    assert answer.status_code == 401
    assert complaint in answer.json()["message"]
    assert answer.json()["status"] == "401"


def test_jwt_may_be_a_minute_ahead_of_the_clock(as_app: httpx.Client, app_jwt: AppJwt) -> None:
    assert as_app.get("/app", headers={"Authorization": f"Bearer {app_jwt(iat=50)}"}).status_code == 200


def test_installation_token_opens_no_app_endpoint(as_app: httpx.Client, installation: Installation) -> None:
    token = new_token(as_app, installation)

    assert as_app.get("/app", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(("token_format", "shortest", "longest"), [("classic", 40, 40), ("stateless", 300, 900)])
def test_tokens_come_in_both_formats(
    github: StandInGitHub,
    as_app: httpx.Client,
    installation: Installation,
    token_format: str,
    shortest: int,
    longest: int,
) -> None:
    github.site.token_format = token_format

    token = new_token(as_app, installation)

    assert token.startswith("ghs_")
    assert shortest <= len(token) <= longest


def test_token_ends_after_an_hour(github: StandInGitHub, api: httpx.Client) -> None:
    expires = next(iter(github.state.tables.tokens.values())).expires_at
    assert api.get("/pulls").status_code == 200

    with time_machine.travel(expires, tick=False):
        answer = api.get("/pulls")

    assert answer.status_code == 401
    assert answer.json()["message"] == "Bad credentials"


def test_suspended_installation_gets_nothing(
    github: StandInGitHub, as_app: httpx.Client, api: httpx.Client, installation: Installation
) -> None:
    github.suspend(installation)

    assert as_app.post(f"/app/installations/{installation.id}/access_tokens").status_code == 403
    assert api.get("/pulls").status_code == 403

    github.unsuspend(installation)
    assert api.get("/pulls").status_code == 200


def test_uninstalled_app_gets_no_token(
    github: StandInGitHub, as_app: httpx.Client, api: httpx.Client, installation: Installation
) -> None:
    github.uninstall(installation)

    assert as_app.post(f"/app/installations/{installation.id}/access_tokens").status_code == 404
    assert as_app.get(f"/app/installations/{installation.id}").status_code == 404
    assert as_app.get("/repos/halden/ledger/installation").status_code == 404
    assert api.get("/pulls").status_code == 401


def test_repository_out_of_reach_looks_as_if_it_were_not_there(github: StandInGitHub, api: httpx.Client) -> None:
    github.add_repository("stranger/secret")

    answer = api.get(f"{github.api_url}/repos/stranger/secret/pulls")

    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


def test_token_can_be_narrowed_to_one_repository(
    github: StandInGitHub, as_app: httpx.Client, installation: Installation, repository: Repository
) -> None:
    other = github.add_repository("halden/website")
    token = new_token(as_app, installation, repository_ids=[repository.id])
    headers = {"Authorization": f"token {token}"}

    seen = as_app.get("/installation/repositories", headers=headers).json()

    assert [found["full_name"] for found in seen["repositories"]] == ["halden/ledger"]
    assert as_app.get(f"/repos/{other.full_name}", headers=headers).status_code == 404


@pytest.mark.parametrize("narrowed", [{"repository_ids": [1]}, {"permissions": {"contents": "write"}}])
def test_token_can_not_be_more_than_the_installation(
    as_app: httpx.Client, installation: Installation, narrowed: dict[str, object]
) -> None:
    answer = as_app.post(f"/app/installations/{installation.id}/access_tokens", json=narrowed)

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("permissions", "method", "path"),
    [
        ({"checks": "write"}, "GET", "/issues/1/comments"),
        ({"pull_requests": "read"}, "POST", "/issues/1/comments"),
        ({"checks": "read"}, "POST", "/check-runs"),
        ({"actions": "read"}, "POST", "/actions/runs/1/rerun-failed-jobs"),
        ({"checks": "write"}, "POST", "/statuses/abc"),
        ({"checks": "write"}, "GET", "/contents/README.md"),
    ],
)
def test_missing_permission_is_refused(
    limited_to: Callable[[Permissions], httpx.Client],
    pull: PullRequest,
    permissions: Permissions,
    method: str,
    path: str,
) -> None:
    answer = limited_to(permissions).request(method, path, json={"body": "Hello"})

    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert "=" in answer.headers["X-Accepted-GitHub-Permissions"]


@pytest.mark.parametrize(("version", "status"), [("2022-11-28", 200), ("2026-03-10", 200), ("2020-01-01", 400)])
def test_api_version_must_be_known(api: httpx.Client, version: str, status: int) -> None:
    assert api.get("/pulls", headers={"X-GitHub-Api-Version": version}).status_code == status


def test_request_without_user_agent_is_refused(api: httpx.Client) -> None:
    assert api.get("/pulls", headers={"User-Agent": ""}).status_code == 403


def test_unknown_address_is_answered_in_json(api: httpx.Client) -> None:
    answer = api.get("/no/such/thing")

    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"
    assert answer.headers["X-RateLimit-Remaining"]
