"""Check runs, annotations and commit statuses on the stand-in GitHub."""

from typing import Any

import httpx
import pytest

from sandbox.github import StandInGitHub
from sandbox.github.models import PullRequest, Repository

Body = dict[str, Any]
NOTE = {"path": "a.py", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "No"}


def _output(**fields: object) -> Body:
    return {"title": "1 failure", "summary": "It failed", **fields}


@pytest.fixture
def created(api: httpx.Client, pull: PullRequest) -> Body:
    body = {"name": "FixCI", "head_sha": pull.head_sha, "external_id": "a1", "status": "in_progress"}
    found: Body = api.post("/check-runs", json=body).json()
    return found


def test_check_run_is_made_and_completed(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest, created: Body
) -> None:
    answer = api.patch(f"/check-runs/{created['id']}", json={"conclusion": "failure", "output": _output()})

    assert (created["status"], created["conclusion"], created["external_id"]) == ("in_progress", None, "a1")
    assert answer.json()["status"] == "completed"
    assert answer.json()["completed_at"]
    [check] = github.check_runs(repository, pull.head_sha)
    assert (check.conclusion, check.title, check.updates) == ("failure", "1 failure", 1)


def test_commit_of_a_fork_can_be_checked(github: StandInGitHub, api: httpx.Client, repository: Repository) -> None:
    fork = github.open_pull_request(repository, fork_owner="odalys", branch="patch-1")

    answer = api.post("/check-runs", json={"name": "FixCI", "head_sha": fork.head_sha})

    assert (answer.status_code, answer.json()["pull_requests"]) == (201, [])


def test_annotations_are_appended(api: httpx.Client, created: Body) -> None:
    for _ in range(2):
        body = {"output": _output(annotations=[NOTE] * 50)}
        assert api.patch(f"/check-runs/{created['id']}", json=body).status_code == 200

    listed = api.get(f"/check-runs/{created['id']}/annotations", params={"per_page": 100}).json()

    assert len(listed) == 100
    assert api.get(f"/check-runs/{created['id']}").json()["output"]["annotations_count"] == 100


@pytest.mark.parametrize(
    "body",
    [
        {"output": _output(annotations=[NOTE] * 51)},
        {"output": _output(annotations=[NOTE | {"start_line": 0}])},
        {"output": _output(annotations=[NOTE | {"end_line": 2}])},
        {"output": _output(annotations=[NOTE | {"annotation_level": "error"}])},
        {"output": _output(annotations=[NOTE | {"end_line": 9, "start_column": 1}])},
        {"output": _output(annotations=[NOTE | {"message": "x" * 65_537}])},
        {"output": _output(annotations=[NOTE | {"title": "x" * 256}])},
        {"output": _output(summary="x" * 65_536)},
        {"output": _output(text="x" * 65_536)},
        {"output": {"title": "without a summary"}},
        {"status": "completed"},
        {"status": "done"},
        {"conclusion": "stale"},
        {"completed_at": "2026-11-21T10:00:00Z"},
        {"started_at": "yesterday"},
        {"actions": [{"label": "x" * 21, "description": "d", "identifier": "i"}]},
        {"actions": [{"label": "x", "description": "d", "identifier": "i"}] * 4},
    ],
)
def test_what_github_limits_is_refused_and_changes_nothing(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest, created: Body, body: Body
) -> None:
    answer = api.patch(f"/check-runs/{created['id']}", json=body)

    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    [check] = github.check_runs(repository, pull.head_sha)
    assert (check.updates, check.annotations, check.title) == (0, [], None)


@pytest.mark.parametrize("body", [{"name": "FixCI"}, {"head_sha": "0" * 40, "name": "FixCI"}, {}])
def test_check_run_needs_a_name_and_a_commit_that_is_there(api: httpx.Client, pull: PullRequest, body: Body) -> None:
    assert api.post("/check-runs", json=body).status_code == 422


def test_newest_check_run_of_a_name_is_listed(api: httpx.Client, pull: PullRequest, created: Body) -> None:
    newer = api.post("/check-runs", json={"name": "FixCI", "head_sha": pull.head_sha}).json()
    api.post("/check-runs", json={"name": "Other", "head_sha": pull.head_sha})

    by_name = api.get(f"/commits/{pull.head_sha}/check-runs", params={"check_name": "FixCI"}).json()
    every = api.get(f"/commits/{pull.head_branch}/check-runs", params={"filter": "all"}).json()
    others = api.get(f"/commits/{pull.head_sha}/check-runs", params={"app_id": 1}).json()

    assert [check["id"] for check in by_name["check_runs"]] == [newer["id"]]
    assert (every["total_count"], others["total_count"]) == (3, 0)


def test_status_of_a_commit(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest
) -> None:
    body = {"state": "failure", "context": "fixci", "description": "It failed"}

    assert api.post(f"/statuses/{pull.head_sha}", json=body).status_code == 201
    assert api.post(f"/statuses/{pull.head_sha}", json={"state": "red"}).status_code == 422
    assert api.post(f"/statuses/{'0' * 40}", json=body).status_code == 422
    assert [status.context for status in github.statuses(repository, pull.head_sha)] == ["fixci"]
    assert api.get(f"/commits/{pull.head_sha}/statuses").json()[0]["state"] == "failure"
