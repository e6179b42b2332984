"""Workflow runs, their attempts, jobs and logs."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from sandbox.github import run_shapes
from sandbox.github.errors import Refused, json_response, not_found
from sandbox.github.models import Job, Run
from sandbox.github.reruns import rerun_jobs

from .call import RepositoryCall


def _run(call: RepositoryCall, run_id: int) -> Run:
    run = call.state.tables.runs.get(run_id)
    if run is None or run.repository_id != call.repository.id:
        raise not_found()
    return run


def _job(call: RepositoryCall, job_id: int) -> tuple[Run, Job]:
    job = call.state.tables.jobs.get(job_id)
    if job is None:
        raise not_found()
    return _run(call, job.run_id), job


def list_runs(call: RepositoryCall, workflow_id: str | None = None) -> Response:
    """Filters: branch, event, status (a status or a conclusion), head_sha, actor."""
    wanted = call.request.args
    runs = [
        run
        for run in call.state.runs_of(call.repository)
        if workflow_id in (None, str(run.workflow_id), run.workflow_path.rsplit("/", 1)[-1])
        and wanted.get("branch", run.head_branch) == run.head_branch
        and wanted.get("event", run.event) == run.event
        and wanted.get("head_sha", run.head_sha) == run.head_sha
        and wanted.get("actor", run.actor) == run.actor
        and wanted.get("status", run.latest.status) in (run.latest.status, run.latest.conclusion)
    ]
    return call.page(runs, lambda run: run_shapes.workflow_run(call.shapes, call.repository, run), "workflow_runs")


def show_run(call: RepositoryCall, run_id: int) -> Response:
    return json_response(run_shapes.workflow_run(call.shapes, call.repository, _run(call, run_id)))


def show_attempt(call: RepositoryCall, run_id: int, attempt: int) -> Response:
    run = _run(call, run_id)
    _check_attempt(run, attempt)
    return json_response(run_shapes.workflow_run(call.shapes, call.repository, run, attempt))


def _check_attempt(run: Run, attempt: int) -> None:
    if not 1 <= attempt <= len(run.attempts):
        raise not_found()


def list_jobs(call: RepositoryCall, run_id: int) -> Response:
    run = _run(call, run_id)
    everything = call.request.args.get("filter") == "all"
    return _jobs_page(call, run, call.state.jobs_of(run, None if everything else run.latest.number))


def list_attempt_jobs(call: RepositoryCall, run_id: int, attempt: int) -> Response:
    run = _run(call, run_id)
    _check_attempt(run, attempt)
    return _jobs_page(call, run, call.state.jobs_of(run, attempt))


def _jobs_page(call: RepositoryCall, run: Run, jobs: list[Job]) -> Response:
    return call.page(jobs, lambda job: run_shapes.job(call.shapes, call.repository, run, job), "jobs")


def show_job(call: RepositoryCall, job_id: int) -> Response:
    run, job = _job(call, job_id)
    return json_response(run_shapes.job(call.shapes, call.repository, run, job))


def job_log(call: RepositoryCall, job_id: int) -> Response:
    """302 to the second origin; 404 while the log is not there yet, 410 once it is gone."""
    _, job = _job(call, job_id)
    if job.log_state == "gone":
        raise Refused(410, "Server Error: the logs of this job have expired")
    if job.log_state == "pending":
        if job.log_pending_calls != 0:
            job.log_pending_calls -= job.log_pending_calls > 0
            raise not_found()
        job.log_state = "ready"
    return redirect(call.site.links.link(job), 302)


def rerun_failed_jobs(call: RepositoryCall, run_id: int) -> Response:
    run = _run(call, run_id)
    failed = [job for job in call.state.jobs_of(run, run.latest.number) if job.conclusion != "success"]
    if not failed:
        raise Refused(403, "This workflow run has no failed jobs")
    rerun_jobs(call.site, call.repository, run, failed, actor=_bot(call))
    return json_response({}, 201)


def rerun_run(call: RepositoryCall, run_id: int) -> Response:
    run = _run(call, run_id)
    rerun_jobs(call.site, call.repository, run, call.state.jobs_of(run, run.latest.number), actor=_bot(call))
    return json_response({}, 201)


def rerun_job(call: RepositoryCall, job_id: int) -> Response:
    run, job = _job(call, job_id)
    rerun_jobs(call.site, call.repository, run, [job], actor=_bot(call))
    return json_response({}, 201)


def _bot(call: RepositoryCall) -> str:
    return call.state.app(call.installation.app_id).slug + "[bot]"
