"""Runs, attempts, jobs and repositories, as the stand-in tells them and as GitHub might leave fields out."""

import json
from typing import Any

import pytest

from ci_analysis.github import InstallationClient, NotFound, UnexpectedAnswer
from sandbox.github import JobSpec, StandInGitHub
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted

RUN: dict[str, Any] = {
    "id": 5,
    "workflow_id": 6,
    "head_sha": "c" * 40,
    "repository": {"id": 1},
    "head_repository": None,
    "conclusion": None,
    "pull_requests": None,
}


def test_run_of_a_pull_request(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository, branch="round-totals")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    found = client.run_attempt(place.name, run.id, 1)
    assert (found.id, found.attempt, found.conclusion) == (run.id, 1, "failure")
    assert (found.head_owner, found.head_branch) == (place.repository.owner, "round-totals")
    assert found.head_sha == pull.head_sha
    assert found.repository_id == found.head_repository_id == place.repository.id
    assert found.pull_request_numbers == (pull.number,)
    assert found.created_at is not None
    assert found.created_at.utcoffset() is not None


def test_run_of_a_fork_names_no_pull_request(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository, fork_owner="odalys")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    found = client.run_attempt(place.name, run.id, 1)
    assert found.head_owner == "odalys"
    assert found.pull_request_numbers == ()


def test_run_of_a_deleted_fork(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository, fork_owner="odalys")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    run.head_repository_id = None
    found = client.run_attempt(place.name, run.id, 1)
    assert (found.head_owner, found.head_repository_id) == (None, None)


def test_each_attempt_is_read_by_itself(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    run = github.add_run(place.repository, [JobSpec(conclusion="failure")])
    github.add_attempt(run, [JobSpec(conclusion="success")])
    conclusions = [client.run_attempt(place.name, run.id, attempt).conclusion for attempt in (1, 2)]
    assert conclusions == ["failure", "success"]
    with pytest.raises(NotFound):
        client.run_attempt(place.name, run.id, 3)


def test_pull_requests_into_other_repositories_are_left_out(
    scripted: Scripted, scripted_client: InstallationClient
) -> None:
    named = [{"number": 11, "base": {"repo": {"id": 1}}}, {"number": 12, "base": {"repo": {"id": 2}}}]
    reply = Reply(json.dumps({**RUN, "pull_requests": named}).encode())
    scripted.replies["GET /repos/a/b/actions/runs/5/attempts/1"] = reply
    assert scripted_client.run_attempt("a/b", 5, 1).pull_request_numbers == (11,)


def test_run_with_nothing_but_what_is_needed(scripted: Scripted, scripted_client: InstallationClient) -> None:
    scripted.replies["GET /repos/a/b/actions/runs/5/attempts/1"] = Reply(json.dumps(RUN).encode())
    run = scripted_client.run_attempt("a/b", 5, 1)
    assert (run.name, run.conclusion, run.head_branch, run.created_at) == ("", None, None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"not json",
        b"\xff",
        b"{}",
        json.dumps({**RUN, "repository": None}).encode(),
        json.dumps({**RUN, "created_at": 10**20}).encode(),
    ],
)
def test_run_that_cannot_be_read(scripted: Scripted, scripted_client: InstallationClient, body: bytes) -> None:
    scripted.replies["GET /repos/a/b/actions/runs/5/attempts/1"] = Reply(body)
    with pytest.raises(UnexpectedAnswer) as caught:
        scripted_client.run_attempt("a/b", 5, 1)
    assert not caught.value.retryable


def test_jobs_with_their_steps(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    steps = [("Set up job", "success", 1), ("Run tests", "failure", 3), ("Upload", "skipped", 0)]
    run = github.add_run(place.repository, [JobSpec("test", steps=steps), JobSpec("lint", conclusion="success")])
    test, lint = client.jobs(place.name, run.id, 1)
    assert (test.name, test.failed, lint.name, lint.failed) == ("test", True, "lint", False)
    assert [(step.number, step.name, step.conclusion) for step in test.steps] == [
        (number, name, conclusion) for number, (name, conclusion, _) in enumerate(steps, 1)
    ]
    assert [step.failed for step in test.steps] == [False, True, False]
    assert test.check_run_id is not None
    assert test.html_url.startswith(github.web_url)
    assert test.started_at is not None
    assert test.completed_at is not None
    assert test.completed_at > test.started_at
    assert test.labels == ("ubuntu-latest",)


def test_job_that_timed_out_has_failed(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    run = github.add_run(place.repository, [JobSpec(conclusion="timed_out"), JobSpec(conclusion="cancelled")])
    assert [job.failed for job in client.jobs(place.name, run.id, 1)] == [True, False]


def test_jobs_of_a_large_matrix_are_all_listed(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    run = github.add_run(place.repository, [JobSpec(f"test ({number})") for number in range(230)])
    names = [job.name for job in client.jobs(place.name, run.id, 1)]
    assert names == [f"test ({number})" for number in range(230)]


def test_queued_job_without_times_and_steps(scripted: Scripted, scripted_client: InstallationClient) -> None:
    job = {"id": 9, "run_id": 5, "name": "test", "status": "queued", "check_run_url": "https://x/y"}
    reply = Reply(json.dumps({"total_count": 1, "jobs": [job]}).encode())
    scripted.replies["GET /repos/a/b/actions/runs/5/attempts/1/jobs?per_page=100"] = reply
    (found,) = scripted_client.jobs("a/b", 5, 1)
    assert (found.steps, found.started_at, found.check_run_id, found.runner_name) == ((), None, None, "")


def test_repositories_of_an_installation(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    private = github.add_repository(f"{place.repository.owner}/vault", private=True, default_branch="trunk")
    ledger, vault = client.repositories()
    assert (ledger.full_name, ledger.private, ledger.default_branch) == (place.name, False, "main")
    assert (vault.id, vault.name, vault.private, vault.default_branch) == (
        private.id,
        "vault",
        True,
        "trunk",
    )
