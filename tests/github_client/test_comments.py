"""Our comment is found by marker and author, and written so that a lost answer shows."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ci_analysis.github import (
    Credentials,
    Forbidden,
    InstallationClient,
    NotFound,
    TooLarge,
    Unavailable,
    Validation,
)
from sandbox.github import StandInGitHub
from sandbox.github.create import add_comment
from sandbox.github.models import PullRequest
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted

MARKER = "<!-- fixci:v1:ci -->"


@pytest.fixture
def pull(github: StandInGitHub, place: Place) -> PullRequest:
    return github.open_pull_request(place.repository)


def test_comment_is_created_found_edited_and_deleted(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    created = client.create_comment(place.name, pull.number, f"{MARKER}\nred @everyone <b>")
    assert client.find_comments(place.name, pull.number, MARKER) == (created,)
    assert created.app_id == github.app_id
    assert created.html_url.startswith(github.web_url)
    edited = client.update_comment(place.name, created.id, f"{MARKER}\ngreen")
    assert (edited.id, edited.body) == (created.id, f"{MARKER}\ngreen")
    client.delete_comment(place.name, created.id)
    assert client.find_comments(place.name, pull.number, MARKER) == ()


def test_comment_is_found_behind_hundreds_of_others(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    for number in range(205):
        github.add_comment(place.repository, pull, f"remark {number}", author="marit")
    created = client.create_comment(place.name, pull.number, MARKER)
    assert [found.id for found in client.find_comments(place.name, pull.number, MARKER)] == [created.id]
    assert len(github.requests("GET", "/comments")) == 3


def test_marker_of_another_author_is_ignored(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    github.add_comment(place.repository, pull, MARKER, author="marit")
    add_comment(
        github.state, place.repository, pull.number, MARKER, author="fixci-copy[bot]", app_id=_other_app(github)
    )
    client.create_comment(place.name, pull.number, "ours, without the marker")
    assert client.find_comments(place.name, pull.number, MARKER) == ()


def _other_app(github: StandInGitHub) -> int:
    other = replace(github.app, id=github.state.new_id("app"), slug="fixci-copy")
    github.state.tables.apps[other.id] = other
    return other.id


def comment(user: dict[str, Any] | None, app: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": 3, "body": MARKER, "user": user, "performed_via_github_app": app}


BOT, PERSON = {"login": "fixci[bot]", "type": "Bot"}, {"login": "marit", "type": "User"}


@pytest.mark.parametrize(
    ("user", "app_is_ours", "found"),
    [
        (BOT, True, True),
        (BOT, None, True),
        (BOT, False, False),
        (PERSON, True, False),  # a person who acts through our App
        (PERSON, None, False),
        ({"login": "fixci", "type": "User"}, None, False),
        ({"login": "dependabot[bot]", "type": "Bot"}, None, False),
        (None, None, False),  # the account was deleted
    ],
)
def test_authors_that_are_ours(
    scripted: Scripted,
    scripted_client: InstallationClient,
    credentials: Credentials,
    user: dict[str, Any] | None,
    app_is_ours: bool | None,
    found: bool,
) -> None:
    app = None if app_is_ours is None else {"id": int(credentials.app_id) + (not app_is_ours)}
    reply = Reply(json.dumps([comment(user, app)]).encode())
    scripted.replies["GET /repos/a/b/issues/1/comments?per_page=100"] = reply
    assert bool(scripted_client.find_comments("a/b", 1, MARKER)) is found


def test_several_of_ours_come_oldest_first(
    scripted: Scripted, scripted_client: InstallationClient, credentials: Credentials
) -> None:
    ours = comment(BOT, {"id": int(credentials.app_id)})
    reply = Reply(json.dumps([{**ours, "id": number} for number in (5, 3, 4)]).encode())
    scripted.replies["GET /repos/a/b/issues/1/comments?per_page=100"] = reply
    assert [found.id for found in scripted_client.find_comments("a/b", 1, MARKER)] == [3, 4, 5]


def test_comment_whose_answer_was_lost_is_there(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    github.fail("POST", "/comments", "drop_after")
    with pytest.raises(Unavailable) as caught:
        client.create_comment(place.name, pull.number, MARKER)
    assert caught.value.retryable
    assert len(client.find_comments(place.name, pull.number, MARKER)) == 1


def test_comment_that_did_not_arrive_is_not_sent_twice_by_the_client(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    github.fail("POST", "/comments", status=502)
    with pytest.raises(Unavailable):
        client.create_comment(place.name, pull.number, MARKER)
    assert len(github.requests("POST", "/comments")) == 1
    assert github.comments(pull) == []


def test_comment_that_somebody_deleted(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    created = client.create_comment(place.name, pull.number, MARKER)
    client.delete_comment(place.name, created.id)
    client.delete_comment(place.name, created.id)
    with pytest.raises(NotFound):
        client.update_comment(place.name, created.id, "x")


def test_longest_comment_is_accepted_and_one_more_character_is_not_sent(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    client.create_comment(place.name, pull.number, "ü" * 65_536)
    with pytest.raises(TooLarge, match="longer than GitHub accepts"):
        client.create_comment(place.name, pull.number, "ü" * 65_537)
    assert len(github.requests("POST", "/comments")) == 1


def test_empty_comment_is_refused_with_githubs_reason(
    place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    with pytest.raises(Validation, match=r"GitHub refused the request: .+"):
        client.create_comment(place.name, pull.number, "")


def test_comment_without_permission(
    github: StandInGitHub, place: Place, credentials: Credentials, pull: PullRequest
) -> None:
    narrow = github.install(place.repository.owner, permissions={"metadata": "read"})
    with InstallationClient(narrow.id, credentials) as client, pytest.raises(Forbidden) as caught:
        client.create_comment(place.name, pull.number, MARKER)
    assert not caught.value.retryable


def test_reactions_to_a_comment(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    created = client.create_comment(place.name, pull.number, MARKER)
    (comment,) = github.comments(pull)
    github.add_reaction(comment, user="marit", content="+1")
    github.add_reaction(comment, user="odalys", content="confused")
    reactions = client.reactions(place.name, created.id)
    assert [(reaction.user, reaction.content) for reaction in reactions] == [
        ("marit", "+1"),
        ("odalys", "confused"),
    ]
