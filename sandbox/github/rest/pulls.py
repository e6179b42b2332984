"""Pull requests: lists, one, its files, and those of a commit."""

from werkzeug.wrappers import Response

from sandbox.github.errors import Refused, json_response, not_found
from sandbox.github.models import PullRequest
from sandbox.github.run_shapes import pull_request, pull_request_simple

from .call import RepositoryCall


def find_pull_request(call: RepositoryCall, number: int) -> PullRequest:
    found = call.state.pull_request(call.repository, number)
    if found is None:
        raise not_found()
    return found


def list_pull_requests(call: RepositoryCall) -> Response:
    """Filters: state (open if not given), head ("owner:branch") and base. Newest first."""
    arguments = call.request.args
    state = arguments.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise Refused(422, "Validation Failed")
    pulls = [
        pull
        for pull in call.state.pull_requests_of(call.repository)
        if state in ("all", pull.state)
        and _is_head(pull, arguments.get("head"))
        and arguments.get("base", pull.base_branch) == pull.base_branch
    ]
    oldest_first = arguments.get("direction") == "asc"
    pulls.sort(key=lambda pull: pull.number, reverse=not oldest_first)
    return call.page(pulls, lambda pull: pull_request_simple(call.shapes, call.repository, pull))


def _is_head(pull: PullRequest, head: str | None) -> bool:
    """GitHub ignores a `head` without an owner."""
    if head is None or ":" not in head:
        return True
    owner, _, branch = head.partition(":")
    return (owner.lower(), branch) == (pull.head_owner.lower(), pull.head_branch)


def show_pull_request(call: RepositoryCall, number: int) -> Response:
    return json_response(pull_request(call.shapes, call.repository, find_pull_request(call, number)))


def list_files(call: RepositoryCall, number: int) -> Response:
    pull = find_pull_request(call, number)
    return call.page(pull.files, lambda change: call.shapes.file(call.repository, change, pull.head_sha))


def pull_requests_of_commit(call: RepositoryCall, sha: str) -> Response:
    """Those that bring the commit, as their head or before it.

    Nothing for the commits of forks: GitHub finds only branches of the repository itself.
    """
    if not call.state.knows_commit(call.repository, sha):
        raise Refused(422, f"No commit found for SHA: {sha}")
    pulls = [
        pull
        for pull in call.state.pull_requests_of(call.repository)
        if not call.state.is_fork(pull) and any(sha == commit.sha for commit in call.state.commits_of(pull))
    ]
    return call.page(pulls, lambda pull: pull_request_simple(call.shapes, call.repository, pull))
