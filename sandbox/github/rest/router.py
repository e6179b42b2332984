"""From a request to its handler: routes, versions, credentials, reach, permissions and rate limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.github.errors import Refused, not_found
from sandbox.github.site import API_PREFIX, Site
from sandbox.github.tokens import app_of, reached_repository, token_of

from . import actions, apps, checks, comments, contents, pulls
from .call import AppCall, Call, InstallationCall, RepositoryCall

VERSIONS = ("2022-11-28", "2026-03-10")


@dataclass(frozen=True)
class Route:
    """`access`: "open", "app" (a JWT), "installation" or "repository" (an installation token).

    `permission` is checked for "repository" routes; those without check for themselves.
    """

    method: str
    path: str
    handler: Callable[..., Response]
    access: str = "repository"
    permission: tuple[str, str] | None = None


REPO = "/repos/<owner>/<repo>"
ACTIONS_READ, ACTIONS_WRITE = ("actions", "read"), ("actions", "write")
CHECKS_READ, CHECKS_WRITE = ("checks", "read"), ("checks", "write")
PULLS_READ, CONTENTS_READ = ("pull_requests", "read"), ("contents", "read")

ROUTES = (
    Route("GET", "/rate_limit", apps.rate_limit, "open"),
    Route("POST", "/app-manifests/<code>/conversions", apps.convert_manifest, "open"),
    Route("GET", "/app", apps.show_app, "app"),
    Route("GET", "/app/installations", apps.list_installations, "app"),
    Route("GET", "/app/installations/<int:installation_id>", apps.show_installation, "app"),
    Route("POST", "/app/installations/<int:installation_id>/access_tokens", apps.create_token, "app"),
    Route("GET", "/app/hook/deliveries", apps.list_deliveries, "app"),
    Route("POST", "/app/hook/deliveries/<int:delivery_id>/attempts", apps.redeliver, "app"),
    Route("GET", f"{REPO}/installation", apps.installation_of_repository, "app"),
    Route("GET", "/installation/repositories", apps.list_repositories, "installation"),
    Route("GET", REPO, contents.show_repository, permission=("metadata", "read")),
    Route("GET", f"{REPO}/contents/", contents.show_contents, permission=CONTENTS_READ),
    Route("GET", f"{REPO}/contents/<path:path>", contents.show_contents, permission=CONTENTS_READ),
    Route("GET", f"{REPO}/compare/<path:basehead>", contents.compare, permission=CONTENTS_READ),
    Route("GET", f"{REPO}/commits/<path:ref>", contents.show_commit, permission=CONTENTS_READ),
    Route("GET", f"{REPO}/actions/runs", actions.list_runs, permission=ACTIONS_READ),
    Route("GET", f"{REPO}/actions/workflows/<workflow_id>/runs", actions.list_runs, permission=ACTIONS_READ),
    Route("GET", f"{REPO}/actions/runs/<int:run_id>", actions.show_run, permission=ACTIONS_READ),
    Route(
        "GET",
        f"{REPO}/actions/runs/<int:run_id>/attempts/<int:attempt>",
        actions.show_attempt,
        permission=ACTIONS_READ,
    ),
    Route("GET", f"{REPO}/actions/runs/<int:run_id>/jobs", actions.list_jobs, permission=ACTIONS_READ),
    Route(
        "GET",
        f"{REPO}/actions/runs/<int:run_id>/attempts/<int:attempt>/jobs",
        actions.list_attempt_jobs,
        permission=ACTIONS_READ,
    ),
    Route("GET", f"{REPO}/actions/jobs/<int:job_id>", actions.show_job, permission=ACTIONS_READ),
    Route("GET", f"{REPO}/actions/jobs/<int:job_id>/logs", actions.job_log, permission=ACTIONS_READ),
    Route("POST", f"{REPO}/actions/runs/<int:run_id>/rerun", actions.rerun_run, permission=ACTIONS_WRITE),
    Route(
        "POST",
        f"{REPO}/actions/runs/<int:run_id>/rerun-failed-jobs",
        actions.rerun_failed_jobs,
        permission=ACTIONS_WRITE,
    ),
    Route("POST", f"{REPO}/actions/jobs/<int:job_id>/rerun", actions.rerun_job, permission=ACTIONS_WRITE),
    Route("GET", f"{REPO}/commits/<sha>/pulls", pulls.pull_requests_of_commit, permission=PULLS_READ),
    Route("GET", f"{REPO}/pulls", pulls.list_pull_requests, permission=PULLS_READ),
    Route("GET", f"{REPO}/pulls/<int:number>", pulls.show_pull_request, permission=PULLS_READ),
    Route("GET", f"{REPO}/pulls/<int:number>/files", pulls.list_files, permission=PULLS_READ),
    Route("GET", f"{REPO}/issues/<int:number>/comments", comments.list_comments),
    Route("POST", f"{REPO}/issues/<int:number>/comments", comments.create_comment),
    Route("GET", f"{REPO}/issues/comments/<int:comment_id>", comments.show_comment),
    Route("PATCH", f"{REPO}/issues/comments/<int:comment_id>", comments.update_comment),
    Route("DELETE", f"{REPO}/issues/comments/<int:comment_id>", comments.delete_comment),
    Route("GET", f"{REPO}/issues/comments/<int:comment_id>/reactions", comments.list_reactions),
    Route("POST", f"{REPO}/check-runs", checks.create_check_run, permission=CHECKS_WRITE),
    Route("GET", f"{REPO}/check-runs/<int:check_run_id>", checks.show_check_run, permission=CHECKS_READ),
    Route("PATCH", f"{REPO}/check-runs/<int:check_run_id>", checks.update_check_run, permission=CHECKS_WRITE),
    Route(
        "GET",
        f"{REPO}/check-runs/<int:check_run_id>/annotations",
        checks.list_annotations,
        permission=CHECKS_READ,
    ),
    Route("GET", f"{REPO}/commits/<path:ref>/check-runs", checks.list_check_runs, permission=CHECKS_READ),
    Route("POST", f"{REPO}/statuses/<sha>", checks.create_status, permission=("statuses", "write")),
    Route("GET", f"{REPO}/commits/<path:ref>/statuses", checks.list_statuses, permission=("statuses", "read")),
)
URLS = Map([Rule(API_PREFIX + r.path, methods=[r.method], endpoint=r) for r in ROUTES], redirect_defaults=False)


def answer(site: Site, request: Request) -> Response:
    """The API's answer to one request, refusals included, with rate-limit headers."""
    caller = "anonymous"
    try:
        with site.state.lock:
            _check_headers(request)
            route, arguments = _route(request)
            call = _call(site, route, request, arguments)
            caller = call.caller
            if route.handler is not apps.rate_limit:  # asking for the limits is free, and possible at any time
                site.limits.count(caller)
            _check_permission(route, call)
            response = route.handler(call, **arguments)
    except Refused as refused:
        response = refused.response()
    response.headers.extend(site.limits.headers(caller))
    response.headers["X-GitHub-Request-Id"] = f"STND:{len(site.requests):X}"
    response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    response.headers["X-GitHub-Api-Version-Selected"] = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    return response


def _check_headers(request: Request) -> None:
    if not request.headers.get("User-Agent"):
        raise Refused(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent")
    version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    if version not in VERSIONS:
        raise Refused(400, f"{version} is not a supported version of the API: {', '.join(VERSIONS)}")


def _route(request: Request) -> tuple[Route, dict[str, Any]]:
    try:
        route, arguments = URLS.bind_to_environ(request.environ).match()
    except HTTPException:
        raise not_found() from None
    return route, dict(arguments)


def _call(site: Site, route: Route, request: Request, arguments: dict[str, Any]) -> Call:
    if route.access == "open":
        return Call(request, site, "anonymous")
    if route.access == "app":
        app = app_of(site.state, request)
        return AppCall(request, site, f"app {app.id}", app)
    token, installation = token_of(site.state, request)
    if route.access == "installation":
        return InstallationCall(request, site, str(installation.id), installation, token)
    owner, name = arguments.pop("owner"), arguments.pop("repo")
    repository = reached_repository(site.state, installation, token, owner, name)
    return RepositoryCall(request, site, str(installation.id), installation, token, repository)


def _check_permission(route: Route, call: Call) -> None:
    if route.permission is not None and isinstance(call, RepositoryCall):
        call.need(route.permission)
