"""Running jobs again: a new attempt of the run, told by webhooks."""

from collections.abc import Sequence

from .create import add_attempt
from .events import workflow_run_event
from .models import Job, Repository, Run
from .scenario_runs import jobs_of_next_attempt, repeated
from .site import Site


def rerun_jobs(site: Site, repository: Repository, run: Run, again: Sequence[Job], *, actor: str) -> None:
    """A new attempt with the jobs in `again` run anew and the others taken over, finished at once."""
    names = {job.name for job in again}
    kept = [job for job in site.state.jobs_of(run, run.latest.number) if job.name not in names]
    site.state.account(actor, "Bot" if actor.endswith("[bot]") else "User")
    specs = [*(repeated(job) for job in kept), *jobs_of_next_attempt(site, run, again)]
    add_attempt(site.state, run, specs, actor=actor)
    for action in ("requested", "completed"):
        workflow_run_event(site, repository, run, action)
