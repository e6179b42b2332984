"""The stand-in's answers, and requests to it, held against GitHub's OpenAPI description.

The description is GitHub's and not part of this repository: FIXCI_GITHUB_OPENAPI names a copy of it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.github import FileChange, JobSpec, StandInGitHub
from sandbox.github.contract import Contract
from sandbox.github.models import Installation, Repository
from sandbox.github.site import RecordedRequest
from tests.sandbox.callers import client, new_token

GIVEN = os.environ.get("FIXCI_GITHUB_OPENAPI", "")
needs_description = pytest.mark.skipif(not GIVEN, reason="FIXCI_GITHUB_OPENAPI names no OpenAPI description")
# The description asks that the account of a listed installation be a user and an enterprise at once.
MISTAKES = ("GET /app/installations 200: $[0].account:",)
NOTE = {"path": "a.py", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "No"}


@pytest.fixture
def contract() -> Contract:
    return Contract(Path(GIVEN))


@pytest.fixture
def calls(github: StandInGitHub, as_app: httpx.Client, repository: Repository) -> Iterator[list[httpx.Response]]:
    """The answers to one call of each kind that the product makes."""
    answers: list[httpx.Response] = []
    installation = github.install(repository.owner)
    headers = {"Authorization": f"Bearer {new_token(as_app, installation)}"}
    with client(base_url=github.api_url, headers=headers) as api:
        api.event_hooks = as_app.event_hooks = {"response": [answers.append, httpx.Response.read]}
        _call_as_app(github, as_app, installation)
        _call_as_installation(github, api, repository)
        yield answers


def _call_as_app(github: StandInGitHub, as_app: httpx.Client, installation: Installation) -> None:
    delivery = github.send_ping()
    assert delivery is not None
    for path in ("/app", "/app/installations", f"/app/installations/{installation.id}", "/app/hook/deliveries"):
        as_app.get(path)
    as_app.get("/repos/halden/ledger/installation")
    as_app.post(f"/app/installations/{installation.id}/access_tokens", json={"permissions": {"checks": "write"}})
    as_app.post(f"/app/hook/deliveries/{delivery.id}/attempts")
    as_app.get("/rate_limit")


def _call_as_installation(github: StandInGitHub, api: httpx.Client, repository: Repository) -> None:
    repository.files["src/a.py"] = "print()\n"
    pull = github.open_pull_request(repository, files=[FileChange("src/a.py", patch="@@ -1 +1 @@")])
    fork = github.open_pull_request(repository, fork_owner="odalys", branch="patch-1")
    run = github.add_run(repository, [JobSpec(log=b"x"), JobSpec("lint", conclusion="success")], pull_request=pull)
    at = f"/repos/{repository.full_name}"
    job = github.jobs(run)[0].id
    api.get("/installation/repositories", params={"per_page": 100})
    api.get(f"{at}/actions/runs/{run.id}")
    api.get(f"{at}/actions/runs/{run.id}/jobs", params={"filter": "latest", "per_page": 100})
    api.get(f"{at}/actions/runs/{run.id}/attempts/1/jobs")
    api.get(f"{at}/actions/jobs/{job}")
    api.get(f"{at}/actions/jobs/{job}/logs")
    api.get(f"{at}/commits/{pull.head_sha}/pulls")
    api.get(f"{at}/pulls", params={"state": "open", "head": f"odalys:{fork.head_branch}"})
    api.get(f"{at}/pulls/{pull.number}")
    api.get(f"{at}/pulls/{fork.number}")
    api.get(f"{at}/pulls/{pull.number}/files")
    comment = api.post(f"{at}/issues/{pull.number}/comments", json={"body": "Hello"}).json()
    api.get(f"{at}/issues/{pull.number}/comments", params={"per_page": 100})
    api.patch(f"{at}/issues/comments/{comment['id']}", json={"body": "Good bye"})
    api.delete(f"{at}/issues/comments/{comment['id']}")
    body = {"name": "FixCI", "head_sha": pull.head_sha, "external_id": "a1", "status": "in_progress"}
    check = api.post(f"{at}/check-runs", json=body).json()
    output = {"title": "1", "summary": "It failed", "annotations": [NOTE]}
    api.patch(f"{at}/check-runs/{check['id']}", json={"conclusion": "failure", "output": output})
    api.post(f"{at}/statuses/{pull.head_sha}", json={"state": "failure", "context": "fixci"})
    api.post(f"{at}/actions/runs/{run.id}/rerun-failed-jobs")
    api.get(f"{at}/contents/src/a.py")
    api.get(f"{at}/contents/src")
    api.get(f"{at}/compare/main...{pull.head_branch}")
    api.get(f"{at}/pulls/77")


@needs_description
def test_answers_keep_githubs_description(
    github: StandInGitHub, contract: Contract, calls: list[httpx.Response]
) -> None:
    prefix = len(httpx.URL(github.api_url).path)
    violations = [
        violation
        for answer in calls
        for violation in contract.check_answer(
            answer.request.method, answer.request.url.path[prefix:], answer.status_code, answer.content
        )
        if not violation.startswith(MISTAKES)
    ]

    assert len(calls) > 30
    assert violations == []


@needs_description
def test_every_kind_of_call_is_described(
    github: StandInGitHub, contract: Contract, calls: list[httpx.Response]
) -> None:
    prefix = len(httpx.URL(github.api_url).path)
    described = [contract.operation(a.request.method, a.request.url.path[prefix:]) for a in calls]

    assert None not in described


@needs_description
def test_requests_are_checked_too(github: StandInGitHub, contract: Contract, calls: list[httpx.Response]) -> None:
    good = [violation for request in github.requests() for violation in contract.check_request(request)]
    bad = RecordedRequest("api", "POST", "/repos/o/r/check-runs", "", {}, b'{"name": 1, "head_sha": "x"}', 201)
    odd = RecordedRequest("api", "GET", "/repos/o/r/pulls", "colour=red&state=maybe", {}, b"", 200)

    assert calls
    assert good == []
    assert len(contract.check_request(bad)) >= 1
    assert len(contract.check_request(odd)) == 2
