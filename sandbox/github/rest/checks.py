"""Check runs with their annotations, and commit statuses."""

from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from sandbox.github import run_shapes
from sandbox.github.errors import Refused, invalid, json_response, not_found
from sandbox.github.events import check_run_event
from sandbox.github.models import Annotation, CheckRun, CommitStatus
from sandbox.github.shapes import Json
from sandbox.github.state import now

from .call import RepositoryCall, text_of

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
LEVELS = ("notice", "warning", "failure")
LONGEST_TEXT = 65_535  # characters, of summary and of text
LONGEST_DETAIL = 64 * 1024  # bytes, of an annotation's message and raw_details
MOST_ANNOTATIONS = 50  # a call
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}  # characters


def list_check_runs(call: RepositoryCall, ref: str) -> Response:
    """Filters: check_name, status, app_id, and filter=latest (one a name, the newest; default) or all."""
    sha = call.repository.branches.get(ref, ref)
    if not call.state.knows_commit(call.repository, sha):
        raise Refused(422, f"No commit found for SHA: {ref}")
    wanted = call.request.args
    checks = [
        check
        for check in call.state.check_runs_of(call.repository, sha)
        if wanted.get("check_name", check.name) == check.name
        and wanted.get("status", check.status) == check.status
        and wanted.get("app_id", str(check.app_id)) == str(check.app_id)
    ]
    if wanted.get("filter", "latest") == "latest":
        checks = list({(check.app_id, check.name): check for check in checks}.values())
    checks.sort(key=lambda check: check.id, reverse=True)
    return call.page(checks, lambda check: run_shapes.check_run(call.shapes, call.repository, check), "check_runs")


def _check_run(call: RepositoryCall, check_run_id: int) -> CheckRun:
    check = call.state.tables.check_runs.get(check_run_id)
    if check is None or check.repository_id != call.repository.id:
        raise not_found()
    return check


def show_check_run(call: RepositoryCall, check_run_id: int) -> Response:
    return json_response(run_shapes.check_run(call.shapes, call.repository, _check_run(call, check_run_id)))


def list_annotations(call: RepositoryCall, check_run_id: int) -> Response:
    check = _check_run(call, check_run_id)
    return call.page(check.annotations, lambda a: run_shapes.annotation(call.shapes, call.repository, check, a))


def create_check_run(call: RepositoryCall) -> Response:
    body = call.body()
    sha = text_of(body, "head_sha", "CheckRun") or ""
    if not call.state.knows_commit(call.repository, sha):
        raise Refused(422, f"No commit found for SHA: {sha}")
    moment = now()
    check = CheckRun(
        call.state.new_id("check_run"),
        call.repository.id,
        call.installation.app_id,
        text_of(body, "name", "CheckRun") or "",
        sha,
        "queued",
        None,
        moment,
        moment,
    )
    _apply(check, body)
    call.state.tables.check_runs[check.id] = check
    _tell(call, check, "created")
    return json_response(run_shapes.check_run(call.shapes, call.repository, check), 201)


def update_check_run(call: RepositoryCall, check_run_id: int) -> Response:
    check = _check_run(call, check_run_id)
    if check.app_id != call.installation.app_id:
        raise Refused(403, "A check run can only be modified by the GitHub App that created it.")
    _apply(check, call.body())
    check.updates += 1
    _tell(call, check, "completed" if check.status == "completed" else "created")
    return json_response(run_shapes.check_run(call.shapes, call.repository, check))


def _tell(call: RepositoryCall, check: CheckRun, action: str) -> None:
    sender = call.state.app(check.app_id).slug + "[bot]"
    call.state.account(sender, "Bot")
    if action == "created" and check.updates:
        return
    check_run_event(call.site, call.repository, check, action, sender=sender)
    if action == "created" and check.status == "completed":
        check_run_event(call.site, call.repository, check, "completed", sender=sender)


def _apply(check: CheckRun, body: Json) -> None:
    """Checks everything before it changes anything. Raises Refused (422)."""
    name = text_of(body, "name", "CheckRun", required=False)
    external_id = text_of(body, "external_id", "CheckRun", required=False)
    details_url = text_of(body, "details_url", "CheckRun", required=False)
    status, conclusion = _outcome(check, body)
    started, completed = _time(body, "started_at"), _time(body, "completed_at")
    output = _output(body.get("output"))
    annotations = [_annotation(a) for a in _list(output, "annotations", MOST_ANNOTATIONS)]
    actions = [_action(action) for action in _list(body, "actions", 3)]

    check.name = name or check.name
    check.external_id = check.external_id if external_id is None else external_id
    check.details_url = details_url or check.details_url
    check.status, check.conclusion = status, conclusion
    check.started_at = started or check.started_at
    check.completed_at = (completed or check.completed_at or now()) if status == "completed" else None
    if output:
        check.title, check.summary = output.get("title", check.title), output.get("summary", check.summary)
        check.text = output.get("text", check.text)
    check.annotations += annotations
    check.actions = actions or check.actions


def _outcome(check: CheckRun, body: Json) -> tuple[str, str | None]:
    """A conclusion completes the check; completing it without one is refused."""
    status, conclusion = body.get("status", check.status), body.get("conclusion")
    if status not in STATUSES:
        raise invalid("CheckRun", "status", "invalid")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion", "invalid")
    if conclusion is not None:
        return "completed", conclusion
    kept = check.conclusion if "status" not in body and "completed_at" not in body else None
    if (status == "completed" or "completed_at" in body) and kept is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    return status, kept


def _time(body: Json, field: str) -> datetime | None:
    if body.get(field) is None:
        return None
    try:
        moment = datetime.fromisoformat(body[field])
    except (TypeError, ValueError):
        raise invalid("CheckRun", field, "invalid") from None
    return moment.astimezone(UTC)


def _output(output: Any) -> Json:
    if output is None:
        return {}
    if not isinstance(output, dict):
        raise invalid("CheckRun", "output", "invalid")
    text_of(output, "title", "CheckRun")
    text_of(output, "summary", "CheckRun", longest=LONGEST_TEXT)
    text_of(output, "text", "CheckRun", longest=LONGEST_TEXT, required=False)
    return output


def _list(body: Json, field: str, most: int) -> list[Any]:
    items = body.get(field) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid("CheckRun", field, "invalid")
    if len(items) > most:
        raise invalid("CheckRun", field, "invalid", f"{field} exceeds a maximum quantity of {most}")
    return items


def _annotation(given: Json) -> Annotation:
    path = text_of(given, "path", "Annotation") or ""
    message = text_of(given, "message", "Annotation") or ""
    details = text_of(given, "raw_details", "Annotation", required=False)
    if max(len(message.encode()), len((details or "").encode())) > LONGEST_DETAIL:
        raise invalid("Annotation", "message", "too_long")
    first, last = given.get("start_line"), given.get("end_line")
    if not isinstance(first, int) or not isinstance(last, int) or not 1 <= first <= last:
        raise invalid("Annotation", "start_line", "invalid")
    if given.get("annotation_level") not in LEVELS:
        raise invalid("Annotation", "annotation_level", "invalid")
    columns = given.get("start_column"), given.get("end_column")
    if columns != (None, None) and first != last:
        raise invalid("Annotation", "start_column", "invalid", "columns need a single line")
    title = text_of(given, "title", "Annotation", longest=255, required=False)
    return Annotation(path, first, last, given["annotation_level"], message, title, details, *columns)


def _action(given: Json) -> dict[str, str]:
    return {
        field: text_of(given, field, "CheckRunAction", longest=longest) or ""
        for field, longest in ACTION_LIMITS.items()
    }


def create_status(call: RepositoryCall, sha: str) -> Response:
    body = call.body()
    if not call.state.knows_commit(call.repository, sha):
        raise Refused(422, f"No commit found for SHA: {sha}")
    if body.get("state") not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "invalid")
    status = CommitStatus(
        call.state.new_id("status"),
        call.repository.id,
        sha,
        body["state"],
        text_of(body, "context", "Status", required=False) or "default",
        call.state.app(call.installation.app_id).slug + "[bot]",
        now(),
        text_of(body, "description", "Status", longest=140, required=False),
        text_of(body, "target_url", "Status", required=False),
    )
    call.state.account(status.creator, "Bot")
    call.state.tables.statuses[status.id] = status
    return json_response(run_shapes.commit_status(call.shapes, call.repository, status), 201)


def list_statuses(call: RepositoryCall, ref: str) -> Response:
    sha = call.repository.branches.get(ref, ref)
    newest_first = call.state.statuses_of(call.repository, sha)[::-1]
    return call.page(newest_first, lambda s: run_shapes.commit_status(call.shapes, call.repository, s))
