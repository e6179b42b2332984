"""The pages: what a person sees on GitHub, as far as the App is concerned."""

from importlib.resources import files

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from . import app_forms
from .demo import FIRST_SCENARIOS
from .log_pages import sections
from .scenarios import SCENARIOS
from .visit import VIEWER, Visit, found_or_404

STATIC = {"github.css": "text/css", "live.js": "text/javascript"}


def home(visit: Visit) -> Response:
    tables = visit.site.state.tables
    return visit.show(
        "home.html",
        apps=list(tables.apps.values()),
        installations=list(tables.installations.values()),
        repositories=[r for r in tables.repositories.values() if r.parent_id is None],
    )


def repository(visit: Visit, owner: str, name: str) -> Response:
    found = visit.repository(owner, name)
    return visit.show(
        "repository.html",
        repository=found,
        pulls=visit.site.state.pull_requests_of(found)[::-1],
        runs=visit.site.state.runs_of(found)[:20],
        scenarios=SCENARIOS.values(),
        first_scenario="pytest",
    )


def pull_request(visit: Visit, owner: str, name: str, number: int) -> Response:
    state = visit.site.state
    found = visit.repository(owner, name)
    pull = visit.pull(found, number)
    runs = [run for run in state.runs_of(found) if run.head_sha == pull.head_sha]
    return visit.show(
        "pull_request.html",
        repository=found,
        pull=pull,
        comments=state.comments_of(found, number),
        latest=runs[0] if runs else None,
        checks=state.check_runs_of(found, pull.head_sha),
        statuses=state.statuses_of(found, pull.head_sha),
        older_runs=[r for r in state.runs_of(found) if r.pull_request_number == number and r not in runs],
        scenarios=SCENARIOS.values(),
        first_scenario=FIRST_SCENARIOS.get(pull.head_branch, "pytest"),
    )


def commit_page(visit: Visit, owner: str, name: str, sha: str) -> Response:
    """A commit of the repository, or one that a fork's pull request brings in."""
    state = visit.site.state
    found = visit.repository(owner, name)
    pulls = [pull for pull in state.pull_requests_of(found) if any(c.sha == sha for c in state.commits_of(pull))]
    brought = [commit for pull in pulls for commit in state.commits_of(pull) if commit.sha == sha]
    return visit.show(
        "commit.html",
        repository=found,
        commit=found_or_404(found.commits.get(sha) or next(iter(brought), None)),
        pulls=pulls,
        runs=[run for run in state.runs_of(found) if run.head_sha == sha],
        checks=state.check_runs_of(found, sha),
    )


def run_page(visit: Visit, owner: str, name: str, run_id: int, attempt: int | None = None) -> Response:
    found = visit.repository(owner, name)
    run = visit.run(found, run_id)
    number = attempt or run.latest.number
    if not 1 <= number <= len(run.attempts):
        raise NotFound
    jobs = visit.site.state.jobs_of(run, number)
    return visit.show("run.html", repository=found, run=run, attempt=run.attempts[number - 1], jobs=jobs)


def job_page(visit: Visit, owner: str, name: str, run_id: int, job_id: int) -> Response:
    found = visit.repository(owner, name)
    run = visit.run(found, run_id)
    job = visit.site.state.tables.jobs.get(job_id)
    if job is None or job.run_id != run.id:
        raise NotFound
    return visit.show("job.html", repository=found, run=run, job=job, sections=sections(job))


def check_page(visit: Visit, owner: str, name: str, check_id: int) -> Response:
    found = visit.repository(owner, name)
    check = visit.check(found, check_id)
    return visit.show("check.html", repository=found, check=check, app=visit.site.state.app(check.app_id))


def app_page(visit: Visit, slug: str) -> Response:
    return visit.show("app.html", app=visit.app(slug))


def install_page(visit: Visit, slug: str) -> Response:
    app, tables = visit.app(slug), visit.site.state.tables
    installed = {i.account for i in tables.installations.values() if i.app_id == app.id}
    owners = {r.owner for r in tables.repositories.values() if r.parent_id is None} - installed
    choices = {owner: [r for r in tables.repositories.values() if r.owner == owner] for owner in sorted(owners)}
    return visit.show("install.html", app=app, choices=choices)


def installation_page(visit: Visit, installation_id: int) -> Response:
    found = visit.installation(installation_id)
    repositories = visit.site.state.tables.repositories.values()
    return visit.show(
        "installation.html",
        installation=found,
        app=visit.site.state.app(found.app_id),
        repositories=[r for r in repositories if r.owner == found.account],
    )


def deliveries_page(visit: Visit, slug: str) -> Response:
    app = visit.app(slug)
    newest_first = sorted(visit.site.state.tables.deliveries.values(), key=lambda d: d.id, reverse=True)
    shown = [delivery for delivery in newest_first if delivery.app_id == app.id][:100]
    return visit.show("deliveries.html", app=app, deliveries=shown)


def manifest_page(visit: Visit, account: str = VIEWER) -> Response:
    """Asks before an App is made of a manifest that another site's form sent."""
    text = visit.request.form.get("manifest", "")
    try:
        manifest = app_forms.read_manifest(text)
    except app_forms.InvalidManifest as error:
        return refused(visit, str(error))
    state = visit.request.args.get("state", "")
    return visit.show("manifest.html", manifest=manifest, text=text, state_parameter=state, account=account)


def refused(visit: Visit, reason: str) -> Response:
    response = visit.show("refused.html", reason=reason)
    response.status_code = 422
    return response


def static(_: Visit, name: str) -> Response:
    if name not in STATIC:
        raise NotFound
    content = files("sandbox.github").joinpath("static", name).read_bytes()
    return Response(content, content_type=f"{STATIC[name]}; charset=utf-8")
