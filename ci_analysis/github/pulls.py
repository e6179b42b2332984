"""Pull requests, the comments under them, and reactions to a comment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ci_analysis.github.reading import moment_or_none, number_or_none, text, text_or_none


@dataclass(frozen=True)
class PullRequest:
    """`head_owner` and `head_repository_id` are None when the fork was deleted."""

    number: int
    state: str
    draft: bool
    head_sha: str
    head_label: str
    head_owner: str | None
    head_branch: str
    head_repository_id: int | None
    base_branch: str
    base_sha: str
    base_repository_id: int
    html_url: str
    author: str


@dataclass(frozen=True)
class IssueComment:
    """`app_id` is the App that wrote it, None for a person."""

    id: int
    body: str
    html_url: str
    author: str
    author_is_bot: bool
    app_id: int | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Reaction:
    """`content` is GitHub's name: +1, -1, laugh, confused, heart, hooray, rocket, eyes."""

    content: str
    user: str
    user_id: int | None
    created_at: datetime | None


def parse_pull_request(data: Any) -> PullRequest:
    head, base = data["head"], data["base"]
    head_repository = head.get("repo") or {}
    head_owner = (head_repository.get("owner") or head.get("user") or {}).get("login")
    return PullRequest(
        number=int(data["number"]),
        state=str(data["state"]),
        draft=bool(data.get("draft")),
        head_sha=str(head["sha"]),
        head_label=text(head.get("label")),
        head_owner=text_or_none(head_owner),
        head_branch=str(head["ref"]),
        head_repository_id=number_or_none(head_repository.get("id")),
        base_branch=str(base["ref"]),
        base_sha=text(base.get("sha")),
        base_repository_id=int(base["repo"]["id"]),
        html_url=text(data.get("html_url")),
        author=text((data.get("user") or {}).get("login")),
    )


def parse_comment(data: Any) -> IssueComment:
    user = data.get("user") or {}
    return IssueComment(
        id=int(data["id"]),
        body=text(data.get("body")),
        html_url=text(data.get("html_url")),
        author=text(user.get("login")),
        author_is_bot=user.get("type") == "Bot",
        app_id=number_or_none((data.get("performed_via_github_app") or {}).get("id")),
        created_at=moment_or_none(data.get("created_at")),
        updated_at=moment_or_none(data.get("updated_at")),
    )


def parse_reaction(data: Any) -> Reaction:
    user = data.get("user") or {}
    return Reaction(
        content=str(data["content"]),
        user=text(user.get("login")),
        user_id=number_or_none(user.get("id")),
        created_at=moment_or_none(data.get("created_at")),
    )
