"""The control door for other processes, JSON under /_sandbox/: faults, limits, webhooks, requests."""

from dataclasses import fields
from typing import Any

from werkzeug.wrappers import Request, Response

from .errors import Refused, json_response, not_found
from .faults import Fault
from .site import RecordedRequest, Site

PREFIX = "/_sandbox/"


def answer(site: Site, request: Request) -> Response:
    """Each door does one thing:

    GET    requests              what was received; DELETE forgets it
    POST   faults                a Fault's fields; DELETE drops all that still wait
    POST   limits                {"primary": {"seconds", "status"}}, or
                                 {"secondary": {"times", "retry_after", "status"}}
    DELETE limits                both limits off
    POST   webhooks              {"lose": n}, {"repeat": n}, {"hold": true} or
                                 {"release": "same"|"reversed"|"shuffled"}
    POST   expire                {"what": "tokens"|"log_links"}
    """
    door = f"{request.method} {request.path.removeprefix(PREFIX)}"
    try:
        return json_response(_open(site, door, request) or {})
    except Refused as refused:
        return refused.response()
    except (TypeError, ValueError, AttributeError) as error:
        return Refused(422, str(error)).response()


def _open(site: Site, door: str, request: Request) -> Any:
    if door == "GET requests":
        return {"requests": [_told(recorded) for recorded in site.requests]}
    if door == "DELETE requests":
        return site.requests.clear()
    if door == "DELETE faults":
        return site.faults.clear()
    if door == "DELETE limits":
        return site.limits.restore()
    body = request.get_json(force=True) if request.method == "POST" else {}
    if door == "POST faults":
        return _add_fault(site, body)
    if door == "POST limits":
        return _limit(site, **body)
    if door == "POST webhooks":
        return _webhooks(site, **body)
    if door == "POST expire":
        return expire(site, **body)
    raise not_found()


def _told(recorded: RecordedRequest) -> dict[str, Any]:
    return {**vars(recorded), "body": recorded.body.decode("utf-8", "replace")}


def _add_fault(site: Site, body: dict[str, Any]) -> None:
    unknown = set(body) - {field.name for field in fields(Fault)}
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
    site.faults.add(Fault(**body))


def _limit(site: Site, primary: dict[str, int] | None = None, secondary: dict[str, int] | None = None) -> None:
    if primary is not None:
        site.limits.exhaust(**primary)
    if secondary is not None:
        site.limits.refuse_secondary(**secondary)


def _webhooks(site: Site, lose: int = 0, repeat: int = 0, hold: bool = False, release: str = "") -> None:
    site.webhooks.lose(lose)
    site.webhooks.repeat(repeat)
    if hold:
        site.webhooks.hold()
    if release:
        site.webhooks.release(order=release)


def expire(site: Site, what: str) -> None:
    """Ends the life of all tokens, or of all links to logs, that were handed out so far."""
    if what == "tokens":
        with site.state.lock:
            site.state.tables.tokens.clear()
    elif what == "log_links":
        site.links.expire()
    else:
        raise ValueError(f"what is tokens or log_links, not {what}")
