"""/app, /installation and the manifest exchange."""

from werkzeug.wrappers import Response

from sandbox.github.errors import Refused, invalid, json_response, not_found
from sandbox.github.models import Installation
from sandbox.github.run_shapes import delivery as delivery_shape
from sandbox.github.shapes import Json, time
from sandbox.github.state import now
from sandbox.github.tokens import bearer, issue, reachable

from .call import DEFAULT_PAGE, LARGEST_PAGE, AppCall, Call, InstallationCall


def show_app(call: AppCall) -> Response:
    count = len([i for i in call.state.tables.installations.values() if i.app_id == call.app.id])
    return json_response({**call.shapes.app(call.app), "installations_count": count})


def list_installations(call: AppCall) -> Response:
    installations = [i for i in call.state.tables.installations.values() if i.app_id == call.app.id]
    return call.page(installations, call.shapes.installation)


def _installation(call: AppCall, installation_id: int) -> Installation:
    installation = call.state.tables.installations.get(installation_id)
    if installation is None or installation.app_id != call.app.id:
        raise not_found()
    return installation


def show_installation(call: AppCall, installation_id: int) -> Response:
    return json_response(call.shapes.installation(_installation(call, installation_id)))


def create_token(call: AppCall, installation_id: int) -> Response:
    installation = _installation(call, installation_id)
    token = issue(call.state, installation, wanted=call.body(), token_format=call.site.token_format)
    body: Json = {
        "token": token.value,
        "expires_at": time(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "all" if installation.repository_ids is None else "selected",
    }
    if token.repository_ids is not None:
        chosen = reachable(call.state, installation, token)
        body["repository_selection"] = "selected"
        body["repositories"] = [call.shapes.repository(repository) for repository in chosen]
    return json_response(body, 201)


def installation_of_repository(call: AppCall, owner: str, repo: str) -> Response:
    repository = call.state.repository(owner, repo)
    if repository is not None:
        for installation in call.state.installations_on(repository):
            if installation.app_id == call.app.id:
                return json_response(call.shapes.installation(installation))
    raise not_found()


def list_repositories(call: InstallationCall) -> Response:
    reached = reachable(call.state, call.installation, call.token)
    page = call.page(reached, call.shapes.repository, "repositories")
    body = page.get_json()
    selection = "all" if call.installation.repository_ids is None else "selected"
    return json_response({**body, "repository_selection": selection}, headers=_link(page))


def _link(response: Response) -> dict[str, str]:
    return {"Link": response.headers["Link"]} if "Link" in response.headers else {}


def list_deliveries(call: AppCall) -> Response:
    """Newest first, paged by a cursor; "failure" are answers from 400 to 599."""
    arguments = call.request.args
    wanted = arguments.get("status")
    if wanted not in (None, "success", "failure"):
        raise invalid("Hook", "status", "invalid")
    size = min(LARGEST_PAGE, max(1, arguments.get("per_page", DEFAULT_PAGE, type=int)))
    before = _cursor(arguments.get("cursor"))
    found = [
        d
        for d in sorted(call.state.tables.deliveries.values(), key=lambda d: d.id, reverse=True)
        if d.app_id == call.app.id and (before is None or d.id < before) and _outcome(d.status_code, wanted)
    ]
    shown = found[:size]
    headers = {}
    if len(found) > size:
        headers["Link"] = f'<{call.request.base_url}?per_page={size}&cursor=v1_{shown[-1].id}>; rel="next"'
        if wanted:
            headers["Link"] = headers["Link"].replace("&cursor", f"&status={wanted}&cursor")
    return json_response([delivery_shape(d) for d in shown], headers=headers)


def _cursor(value: str | None) -> int | None:
    if value is None:
        return None
    number = value.removeprefix("v1_")
    if not number.isdecimal():
        raise Refused(400, "Invalid cursor")
    return int(number)


def _outcome(status_code: int, wanted: str | None) -> bool:
    if wanted is None:
        return True
    return 200 <= status_code < 400 if wanted == "success" else 400 <= status_code < 600


def redeliver(call: AppCall, delivery_id: int) -> Response:
    delivery = call.state.tables.deliveries.get(delivery_id)
    if delivery is None or delivery.app_id != call.app.id:
        raise not_found()
    call.site.webhooks.redeliver(delivery)
    return json_response({}, 202)


def convert_manifest(call: Call, code: str) -> Response:
    """The secrets of an App made from a manifest: once, within an hour, without credentials."""
    found = call.state.tables.manifest_codes.pop(code, None)
    if found is None or found.expires_at <= now():
        raise not_found()
    app = call.state.app(found.app_id)
    return json_response(
        {
            **call.shapes.app(app),
            "client_secret": found.client_secret,
            "webhook_secret": app.webhook_secret,
            "pem": found.private_key,
        },
        201,
    )


def rate_limit(call: Call) -> Response:
    """Of the installation whose token the call carries."""
    token = call.state.tables.tokens.get(bearer(call.request) or "")
    figures = call.site.limits.figures(call.caller if token is None else str(token.installation_id))
    return json_response({"resources": {"core": figures, "search": figures}, "rate": figures})
