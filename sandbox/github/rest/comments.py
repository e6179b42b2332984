"""Comments on pull requests, and their reactions."""

from werkzeug.wrappers import Response

from sandbox.github.create import add_comment
from sandbox.github.errors import Refused, invalid, json_response, not_found
from sandbox.github.events import issue_comment_event
from sandbox.github.models import Comment
from sandbox.github.shapes import time
from sandbox.github.state import now

from .call import RepositoryCall, text_of
from .pulls import find_pull_request

LONGEST_BODY = 65_536  # characters
READ = (("issues", "read"), ("pull_requests", "read"))
WRITE = (("issues", "write"), ("pull_requests", "write"))


def list_comments(call: RepositoryCall, number: int) -> Response:
    """Oldest first; `since` by the time of the last change."""
    call.need(*READ)
    find_pull_request(call, number)
    since = call.request.args.get("since", "")
    comments = [c for c in call.state.comments_of(call.repository, number) if time(c.updated_at) >= since]
    return call.page(comments, lambda comment: call.shapes.comment(call.repository, comment))


def _body(call: RepositoryCall) -> str:
    body = text_of(call.body(), "body", "IssueComment") or ""
    if len(body) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message)
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    return body


def create_comment(call: RepositoryCall, number: int) -> Response:
    call.need(*WRITE)
    find_pull_request(call, number)
    app = call.state.app(call.installation.app_id)
    author = f"{app.slug}[bot]"
    comment = add_comment(call.state, call.repository, number, _body(call), author=author, app_id=app.id)
    issue_comment_event(call.site, call.repository, comment, "created")
    return json_response(call.shapes.comment(call.repository, comment), 201)


def _comment(call: RepositoryCall, comment_id: int) -> Comment:
    comment = call.state.tables.comments.get(comment_id)
    if comment is None or comment.repository_id != call.repository.id:
        raise not_found()
    return comment


def show_comment(call: RepositoryCall, comment_id: int) -> Response:
    call.need(*READ)
    return json_response(call.shapes.comment(call.repository, _comment(call, comment_id)))


def _own_comment(call: RepositoryCall, comment_id: int) -> Comment:
    """GitHub lets an App with write access change other people's comments too; the stand-in does not.

    So a client that takes a stranger's comment with a copied marker for its own is found out.
    """
    call.need(*WRITE)
    comment = _comment(call, comment_id)
    if comment.app_id != call.installation.app_id:
        raise Refused(403, "Resource not accessible by integration")
    return comment


def update_comment(call: RepositoryCall, comment_id: int) -> Response:
    comment = _own_comment(call, comment_id)
    comment.body, comment.updated_at = _body(call), now()
    comment.edits += 1
    issue_comment_event(call.site, call.repository, comment, "edited")
    return json_response(call.shapes.comment(call.repository, comment))


def delete_comment(call: RepositoryCall, comment_id: int) -> Response:
    comment = _own_comment(call, comment_id)
    del call.state.tables.comments[comment.id]
    return Response(status=204)


def list_reactions(call: RepositoryCall, comment_id: int) -> Response:
    call.need(*READ)
    comment = _comment(call, comment_id)
    wanted = call.request.args.get("content")
    reactions = [r for r in comment.reactions if wanted in (None, r.content)]
    return call.page(
        reactions,
        lambda reaction: {
            "id": reaction.id,
            "node_id": f"REA_{reaction.id}",
            "user": call.shapes.account(reaction.user),
            "content": reaction.content,
            "created_at": time(reaction.created_at),
        },
    )
