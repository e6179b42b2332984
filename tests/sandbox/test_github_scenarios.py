"""The demo's runs: logs as the runner of GitHub Actions writes them, and what runs again."""

import re
from datetime import UTC, datetime

import pytest

from sandbox.github import StandInGitHub
from sandbox.github.demo import furnish
from sandbox.github.log_pages import sections
from sandbox.github.models import Job, PullRequest, Repository
from sandbox.github.reruns import rerun_jobs
from sandbox.github.scenario_runs import play
from sandbox.github.scenarios import GREEN, SCENARIOS, Scenario, Scene

STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z( .*)?")
FAILING = [scenario for scenario in SCENARIOS.values() if scenario is not GREEN]


@pytest.fixture
def repository(github: StandInGitHub) -> Repository:
    furnish(github.state, github.app_id)
    found = github.state.repository("harbour-lane", "orders")
    assert found is not None
    return found


@pytest.fixture
def pull(github: StandInGitHub, repository: Repository) -> PullRequest:
    return github.state.pull_requests_of(repository)[0]


def _failed(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.conclusion == "failure"]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_log_is_stamped_grouped_and_the_same_for_the_same_seed(scenario: Scenario) -> None:
    scene = Scene("harbour-lane/orders", "a" * 40, datetime(2026, 11, 20, 9, 0, tzinfo=UTC), "seed")

    jobs = scenario.jobs(scene)

    assert [job.log for job in jobs] == [job.log for job in scenario.jobs(scene)]
    for job in jobs:
        assert isinstance(job.log, bytes)
        lines = job.log.decode("utf-8-sig").removesuffix("\n").split("\n")
        assert [line for line in lines if not STAMPED.fullmatch(line)] == []
        assert sum("##[group]" in line for line in lines) == sum("##[endgroup]" in line for line in lines)
        assert [line.split(" ")[0] for line in lines] == sorted(line.split(" ")[0] for line in lines)


@pytest.mark.parametrize("scenario", FAILING, ids=lambda scenario: scenario.name)
def test_failing_run_has_its_error_in_the_failed_step(
    github: StandInGitHub, repository: Repository, pull: PullRequest, scenario: Scenario
) -> None:
    run = play(github.site, repository, pull, scenario)

    assert run.latest.conclusion == "failure"
    for job in _failed(github.jobs(run)):
        [blamed] = [section for section in sections(job) if section.step.conclusion == "failure"]
        assert any(line.kind == "error" for line in blamed.lines)


def test_matrix_has_twelve_jobs(github: StandInGitHub, repository: Repository, pull: PullRequest) -> None:
    run = play(github.site, repository, pull, SCENARIOS["matrix"])

    assert len(_failed(github.jobs(run))) == 12
    assert len({job.name for job in github.jobs(run)}) == 12


@pytest.mark.parametrize(("name", "conclusion"), [("network", "success"), ("pytest", "failure")])
def test_flaky_run_passes_when_it_runs_again_and_others_do_not(
    github: StandInGitHub, repository: Repository, pull: PullRequest, name: str, conclusion: str
) -> None:
    run = play(github.site, repository, pull, SCENARIOS[name])

    rerun_jobs(github.site, repository, run, _failed(github.jobs(run)), actor="marit")

    assert (run.latest.number, run.latest.conclusion) == (2, conclusion)
    assert {job.name for job in github.jobs(run)} == {job.name for job in github.jobs(run, 1)}


def test_second_run_of_a_pull_request_is_of_a_new_commit(
    github: StandInGitHub, repository: Repository, pull: PullRequest
) -> None:
    first = play(github.site, repository, pull, SCENARIOS["pytest"])
    second = play(github.site, repository, pull, GREEN)

    assert second.head_sha == pull.head_sha != first.head_sha
    assert [d.action for d in github.deliveries("pull_request")] == ["synchronize"]
    assert [d.action for d in github.deliveries("workflow_run")] == ["requested", "completed"] * 2


def test_demo_is_furnished_once(github: StandInGitHub, repository: Repository) -> None:
    furnish(github.state, github.app_id)

    assert len(github.state.tables.installations) == 1
    assert len(github.state.pull_requests_of(repository)) == 4
    assert any(github.state.is_fork(pull) for pull in github.state.pull_requests_of(repository))
