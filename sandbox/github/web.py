"""From a request to its page."""

from collections.abc import Callable

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from . import buttons, pages
from .site import Site
from .visit import Visit

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

REPO = "/<owner>/<name>"
PAGES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/", pages.home),
    ("GET", "/_static/<name>", pages.static),
    ("GET", "/apps/<slug>", pages.app_page),
    ("GET", "/apps/<slug>/installations/new", pages.install_page),
    ("POST", "/apps/<slug>/installations/new", buttons.install),
    ("GET", "/settings/installations/<int:installation_id>", pages.installation_page),
    ("POST", "/settings/installations/<int:installation_id>", buttons.change_installation),
    ("GET", "/settings/apps/<slug>/advanced", pages.deliveries_page),
    ("POST", "/settings/apps/<slug>/advanced/<int:delivery_id>", buttons.redeliver),
    ("POST", "/settings/apps/new", pages.manifest_page),
    ("POST", "/organizations/<account>/settings/apps/new", pages.manifest_page),
    ("POST", "/settings/apps/create", buttons.create_app),
    ("GET", REPO, pages.repository),
    ("POST", f"{REPO}/actions/runs", buttons.start_run),
    ("GET", f"{REPO}/actions/runs/<int:run_id>", pages.run_page),
    ("GET", f"{REPO}/actions/runs/<int:run_id>/attempts/<int:attempt>", pages.run_page),
    ("POST", f"{REPO}/actions/runs/<int:run_id>/rerun", buttons.rerun),
    ("POST", f"{REPO}/actions/runs/<int:run_id>/resend", buttons.resend_run),
    ("GET", f"{REPO}/actions/runs/<int:run_id>/job/<int:job_id>", pages.job_page),
    ("GET", f"{REPO}/commit/<sha>", pages.commit_page),
    ("GET", f"{REPO}/runs/<int:check_id>", pages.check_page),
    ("POST", f"{REPO}/runs/<int:check_id>", buttons.rerequest_check),
    ("GET", f"{REPO}/pull/<int:number>", pages.pull_request),
    ("POST", f"{REPO}/pull/<int:number>", buttons.comment),
)
URLS = Map([Rule(path, methods=[method], endpoint=handler) for method, path, handler in PAGES])


def answer(site: Site, request: Request) -> Response:
    visit = Visit(request, site)
    try:
        handler, arguments = URLS.bind_to_environ(request.environ).match()
        if request.method == "GET":
            with site.state.lock:
                response: Response = handler(visit, **arguments)
        else:
            response = handler(visit, **arguments)
    except HTTPException as error:
        if error.code != 404:
            return Response(error.get_body(), error.code or 500, content_type="text/html")
        response = visit.show("refused.html", reason="There is no such page.")
        response.status_code = 404
    response.headers.extend(SECURITY)
    return response
