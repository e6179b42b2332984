"""What the pages' buttons do. Each ends with a redirect to a page."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import app_forms
from .create import add_comment
from .events import check_run_event, issue_comment_event
from .pages import refused
from .reruns import rerun_jobs
from .scenario_runs import play
from .scenarios import SCENARIOS
from .visit import VIEWER, Visit, found_or_404

CHANGES = {
    "suspend": app_forms.suspend,
    "unsuspend": app_forms.unsuspend,
    "uninstall": app_forms.uninstall,
}


def create_app(visit: Visit) -> Response:
    form = visit.request.form
    try:
        target = app_forms.create_app(
            visit.site,
            app_forms.read_manifest(form.get("manifest", "")),
            name=form.get("name", "").strip(),
            owner=form.get("account", VIEWER),
            state=form.get("state", ""),
        )
    except app_forms.InvalidManifest as error:
        return refused(visit, str(error))
    return redirect(target, 303)


def install(visit: Visit, slug: str) -> Response:
    account = visit.request.form["account"]
    return redirect(app_forms.install(visit.site, visit.app(slug), account, visit.chosen_repositories()), 303)


def change_installation(visit: Visit, installation_id: int) -> Response:
    found = visit.installation(installation_id)
    action = visit.request.form["action"]
    if action == "repositories":
        app_forms.change_repositories(visit.site, found, visit.chosen_repositories())
    else:
        found_or_404(CHANGES.get(action))(visit.site, found)
    return redirect("/" if action == "uninstall" else f"/settings/installations/{found.id}", 303)


def start_run(visit: Visit, owner: str, name: str) -> Response:
    """A run of the scenario chosen, or a green one; for a pull request or for the default branch."""
    found = visit.repository(owner, name)
    form = visit.request.form
    number = form.get("pull", type=int)
    pull = None if number is None else visit.pull(found, number)
    scenario = "green" if form["outcome"] == "pass" else form["scenario"]
    run = play(visit.site, found, pull, found_or_404(SCENARIOS.get(scenario)))
    page = f"/{found.full_name}"
    return redirect(f"{page}/actions/runs/{run.id}" if pull is None else f"{page}/pull/{pull.number}", 303)


def rerun(visit: Visit, owner: str, name: str, run_id: int) -> Response:
    found = visit.repository(owner, name)
    run = visit.run(found, run_id)
    with visit.site.state.lock:
        jobs = visit.site.state.jobs_of(run, run.latest.number)
        failed = [job for job in jobs if job.conclusion != "success"]
        rerun_jobs(visit.site, found, run, failed or jobs, actor=VIEWER)
    return redirect(f"/{found.full_name}/actions/runs/{run.id}", 303)


def resend_run(visit: Visit, owner: str, name: str, run_id: int) -> Response:
    """Redelivers the run's last webhook to every App."""
    found = visit.repository(owner, name)
    run = visit.run(found, run_id)
    marker = f'"id":{run.id},'.encode()
    about = [
        d
        for d in visit.site.state.tables.deliveries.values()
        if d.event == "workflow_run" and d.action == "completed" and marker in d.body
    ]
    if about:
        visit.site.webhooks.redeliver(about[-1])
    return redirect(f"/{found.full_name}/actions/runs/{run.id}", 303)


def rerequest_check(visit: Visit, owner: str, name: str, check_id: int) -> Response:
    found = visit.repository(owner, name)
    check = visit.check(found, check_id)
    check_run_event(visit.site, found, check, "rerequested", sender=VIEWER)
    return redirect(f"/{found.full_name}/runs/{check.id}", 303)


def comment(visit: Visit, owner: str, name: str, number: int) -> Response:
    found = visit.repository(owner, name)
    pull = visit.pull(found, number)
    body = visit.request.form.get("body", "").strip()
    if body:
        with visit.site.state.lock:
            written = add_comment(visit.site.state, found, pull.number, body, author=VIEWER)
        issue_comment_event(visit.site, found, written, "created")
    return redirect(f"/{found.full_name}/pull/{number}", 303)


def redeliver(visit: Visit, slug: str, delivery_id: int) -> Response:
    delivery = found_or_404(visit.site.state.tables.deliveries.get(delivery_id))
    visit.site.webhooks.redeliver(delivery)
    return redirect(f"/settings/apps/{slug}/advanced", 303)
