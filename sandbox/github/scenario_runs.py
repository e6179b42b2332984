"""Runs that follow a scenario: started from the pages, and run again."""

from collections.abc import Sequence
from dataclasses import replace

from .create import JobSpec, add_run, push
from .events import pull_request_event, workflow_run_event
from .models import Job, PullRequest, Repository, Run
from .scenarios import GREEN, SCENARIOS, Scenario, Scene
from .site import Site
from .state import now


def play(site: Site, repository: Repository, pull: PullRequest | None, scenario: Scenario) -> Run:
    """One run, told by webhooks. A commit that had its run gets a successor first, as after a push.

    Without a pull request: a push to the default branch.
    """
    with site.state.lock:
        pushed = pull is not None and any(r.head_sha == pull.head_sha for r in site.state.runs_of(repository))
        if pull is not None and pushed:
            push(site.state, pull)
        sha = pull.head_sha if pull else repository.branches[repository.default_branch]
        jobs = scenario.jobs(Scene(repository.full_name, sha, now(), f"{sha} 1"))
        run = add_run(site.state, repository, jobs, pull_request=pull, scenario=scenario.name, started_at=now())
    if pull is not None and pushed:
        pull_request_event(site, repository, pull, "synchronize")
    for action in ("requested", "completed"):
        workflow_run_event(site, repository, run, action)
    return run


def jobs_of_next_attempt(site: Site, run: Run, again: Sequence[Job]) -> list[JobSpec]:
    """What jobs that run again come to: as a test planned, as the scenario goes on, else the same once more."""
    planned = site.planned_reruns.get(run.id)
    if planned is not None:
        return list(planned)
    if run.scenario not in SCENARIOS:
        return [repeated(job) for job in again]
    scenario, names = SCENARIOS[run.scenario], {job.name for job in again}
    repository = site.state.tables.repositories[run.repository_id]
    scene = Scene(repository.full_name, run.head_sha, now(), f"{run.head_sha} {len(run.attempts) + 1}")
    if scenario.passes_again:
        passed = GREEN.jobs(scene)[-1]
        return [replace(passed, name=name) for name in sorted(names)]
    return [job for job in scenario.jobs(scene) if job.name in names]


def repeated(job: Job) -> JobSpec:
    """The same job once more."""
    return JobSpec(
        job.name,
        job.conclusion or "success",
        job.log_path or job.log,
        [(step.name, step.conclusion or "success", step.first_line) for step in job.steps],
        log_state=job.log_state,
        log_pending_calls=job.log_pending_calls,
        labels=job.labels,
    )
