"""Runs, attempts, jobs and logs on the stand-in GitHub."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.models import PullRequest, Repository, Run
from tests.sandbox.callers import Receiver


@pytest.fixture
def run(github: StandInGitHub, repository: Repository, pull: PullRequest) -> Run:
    jobs = [JobSpec("test", log=b"one\ntwo\n"), JobSpec("lint", conclusion="success")]
    return github.add_run(repository, jobs, pull_request=pull, rerun=[JobSpec("test", conclusion="success")])


def _log_path(github: StandInGitHub, run: Run) -> str:
    return f"/actions/jobs/{github.jobs(run)[0].id}/logs"


def test_run_names_its_pull_request(api: httpx.Client, run: Run, pull: PullRequest) -> None:
    found = api.get(f"/actions/runs/{run.id}").json()

    assert (found["conclusion"], found["run_attempt"], found["event"]) == ("failure", 1, "pull_request")
    assert [p["number"] for p in found["pull_requests"]] == [pull.number]


def test_run_of_a_fork_names_no_pull_request(github: StandInGitHub, api: httpx.Client, repository: Repository) -> None:
    fork = github.open_pull_request(repository, fork_owner="odalys", branch="patch-1", author="odalys")
    run = github.add_run(repository, [JobSpec()], pull_request=fork)

    found = api.get(f"/actions/runs/{run.id}").json()

    assert found["pull_requests"] == []
    assert found["head_repository"]["full_name"] == "odalys/ledger"


def test_run_of_a_deleted_fork_has_no_head_repository(
    github: StandInGitHub, api: httpx.Client, repository: Repository
) -> None:
    fork = github.open_pull_request(repository, fork_owner="odalys", branch="patch-1")
    fork.head_repository_id = None
    run = github.add_run(repository, [JobSpec()], pull_request=fork)

    assert api.get(f"/actions/runs/{run.id}").json()["head_repository"] is None


def test_runs_are_listed_by_branch_and_outcome(
    github: StandInGitHub, api: httpx.Client, repository: Repository, run: Run
) -> None:
    green = github.add_run(repository, [JobSpec(conclusion="success")])

    found = api.get("/actions/runs", params={"branch": "main", "status": "success"}).json()
    same_workflow = api.get(f"/actions/workflows/{run.workflow_id}/runs").json()

    assert [r["id"] for r in found["workflow_runs"]] == [green.id]
    assert same_workflow["total_count"] == 2


def test_jobs_are_those_of_the_latest_attempt(github: StandInGitHub, api: httpx.Client, run: Run) -> None:
    github.add_attempt(run, [JobSpec("test", conclusion="success")])

    latest = api.get(f"/actions/runs/{run.id}/jobs").json()
    everything = api.get(f"/actions/runs/{run.id}/jobs", params={"filter": "all"}).json()
    first = api.get(f"/actions/runs/{run.id}/attempts/1/jobs").json()

    assert [job["run_attempt"] for job in latest["jobs"]] == [2]
    assert everything["total_count"] == 3
    assert [job["name"] for job in first["jobs"]] == ["test", "lint"]
    assert api.get(f"/actions/runs/{run.id}/attempts/1").json()["conclusion"] == "failure"
    assert api.get(f"/actions/runs/{run.id}/attempts/3").status_code == 404


def test_jobs_come_in_pages(github: StandInGitHub, api: httpx.Client, repository: Repository) -> None:
    run = github.add_run(repository, [JobSpec(f"test {n}") for n in range(5)])

    first = api.get(f"/actions/runs/{run.id}/jobs", params={"per_page": 2})
    last = api.get(first.links["last"]["url"])

    assert first.links["next"]["url"].endswith("per_page=2&page=2")
    assert [job["name"] for job in last.json()["jobs"]] == ["test 4"]
    assert set(last.links) == {"prev", "first"}


def test_log_is_on_another_origin_without_credentials(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, run: Run
) -> None:
    answer = api.get(_log_path(github, run))
    link = answer.headers["Location"]

    assert answer.status_code == 302
    assert not link.startswith(github.web_url)
    assert anybody.get(link).text == "one\ntwo\n"
    assert anybody.get(link, headers={"Authorization": "Bearer x"}).status_code == 400


def test_link_to_a_log_lasts_a_minute(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, run: Run
) -> None:
    link = api.get(_log_path(github, run)).headers["Location"]

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=False):
        assert anybody.get(link).status_code == 403


def test_links_can_be_ended_and_forged_ones_are_refused(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, run: Run
) -> None:
    link = api.get(_log_path(github, run)).headers["Location"]
    github.expire_log_links()

    assert anybody.get(link).status_code == 403
    assert anybody.get(link.replace("se=", "se=9")).status_code == 403


def test_log_is_missing_for_some_calls_or_for_ever(
    github: StandInGitHub, api: httpx.Client, repository: Repository
) -> None:
    late = JobSpec("late", log_state="pending", log_pending_calls=2)
    run = github.add_run(repository, [late, JobSpec("never", log_state="pending"), JobSpec("gone", log_state="gone")])
    late_job, never, gone = github.jobs(run)

    assert [api.get(f"/actions/jobs/{late_job.id}/logs").status_code for _ in range(3)] == [404, 404, 302]
    assert {api.get(f"/actions/jobs/{never.id}/logs").status_code for _ in range(5)} == {404}
    assert api.get(f"/actions/jobs/{gone.id}/logs").status_code == 410


def test_log_can_be_streamed_from_a_file(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, repository: Repository, tmp_path: Path
) -> None:
    path = tmp_path / "long.log"
    path.write_bytes(b"a line\n" * 50_000)
    run = github.add_run(repository, [JobSpec(log=path)])

    answer = anybody.get(api.get(_log_path(github, run)).headers["Location"])

    assert len(answer.content) == path.stat().st_size
    assert github.jobs(run)[0].log == b""


def test_log_can_lead_elsewhere(github: StandInGitHub, api: httpx.Client, run: Run) -> None:
    github.site.links.override = "http://elsewhere.example/x"

    assert api.get(_log_path(github, run)).headers["Location"] == "http://elsewhere.example/x"


def test_rerun_is_a_new_attempt_told_by_webhooks(
    github: StandInGitHub, api: httpx.Client, run: Run, receiver: Receiver
) -> None:
    answer = api.post(f"/actions/runs/{run.id}/rerun-failed-jobs")
    github.site.webhooks.drain()

    assert answer.status_code == 201
    assert (run.latest.number, run.latest.conclusion, run.latest.actor) == (2, "success", "fixci[bot]")
    assert [job.name for job in github.jobs(run)] == ["lint", "test"]
    told = [(d.event, d.action, d.status_code) for d in github.deliveries()]
    assert told == [("workflow_run", "requested", 202), ("workflow_run", "completed", 202)]


def test_run_without_failures_has_nothing_to_run_again(
    github: StandInGitHub, api: httpx.Client, repository: Repository
) -> None:
    run = github.add_run(repository, [JobSpec(conclusion="success")])

    assert api.post(f"/actions/runs/{run.id}/rerun-failed-jobs").status_code == 403
    assert len(run.attempts) == 1
