"""What every request has in common: headers, renamed repositories, pages, bounds."""

import io
import json

import pytest

from ci_analysis.github import Credentials, InstallationClient, RedirectRefused, TooLarge, UnexpectedAnswer, connection
from sandbox.github import JobSpec, StandInGitHub
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted

COMMENTS = "GET /repos/a/b/issues/1/comments?per_page=100"
COMMENT = {"id": 3, "body": "x", "user": None}


def test_headers_of_a_request(github: StandInGitHub, client: InstallationClient) -> None:
    client.repositories()
    token, listed = github.requests()
    assert (token.method, listed.method) == ("POST", "GET")
    for request in (token, listed):
        assert request.headers["X-Github-Api-Version"] == "2022-11-28"
        assert request.headers["User-Agent"] == "FixCI"
        assert request.headers["Accept"] == "application/vnd.github+json"


def test_connection_is_kept_within_with(scripted: Scripted, scripted_client: InstallationClient) -> None:
    scripted.replies[COMMENTS] = Reply(b"[]")
    scripted_client.find_comments("a/b", 1, "x")
    scripted_client.find_comments("a/b", 1, "x")
    assert scripted.calls() == ["POST /app/installations/7/access_tokens", COMMENTS, COMMENTS]
    assert scripted.seen[1].headers["authorization"] == "Bearer ghs_scripted"
    assert scripted.connections == 2  # one for the token


def test_proxy_of_the_environment_is_not_asked_for_this_machine(
    github: StandInGitHub, place: Place, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (job,) = github.jobs(github.add_run(place.repository, [JobSpec(log=b"log\n")]))
    with InstallationClient(place.installation.id, credentials) as client:
        into = io.BytesIO()
        client.download_job_log(place.name, job.id, into, max_bytes=100, max_seconds=60)
    assert into.getvalue() == b"log\n"


@pytest.mark.parametrize("status", [301, 307, 308])
def test_renamed_repository_is_written_to_with_the_same_verb(
    scripted: Scripted, scripted_client: InstallationClient, status: int
) -> None:
    moved = {"Location": f"{scripted.url}/repositories/1/issues/1/comments"}
    scripted.replies |= {
        "POST /repos/a/b/issues/1/comments": Reply(status=status, headers=moved),
        "POST /repositories/1/issues/1/comments": Reply(json.dumps(COMMENT).encode(), 201),
    }
    assert scripted_client.create_comment("a/b", 1, "text").id == 3
    assert scripted.seen[-1].headers["authorization"] == "Bearer ghs_scripted"
    assert json.loads(scripted.seen[-1].body) == {"body": "text"}


@pytest.mark.parametrize(
    "location",
    ["https://example.com/x", "http://127.0.0.1:1/x", "//example.com/x", "http://[bad", "", "/again"],
)
def test_token_is_not_carried_to_another_origin_nor_round_in_a_circle(
    scripted: Scripted, scripted_client: InstallationClient, location: str
) -> None:
    moved = {"Location": location} if location else {}
    scripted.replies |= {
        COMMENTS: Reply(status=301, headers=moved),
        "GET /again": Reply(status=301, headers={"Location": "/again"}),
    }
    with pytest.raises(RedirectRefused):
        scripted_client.find_comments("a/b", 1, "x")


def pages(scripted: Scripted, following: str, count: int) -> None:
    for number in range(1, count + 1):
        call = COMMENTS if number == 1 else f"{COMMENTS}&page={number}"
        scripted.replies[call] = Reply(
            json.dumps([{**COMMENT, "id": number}]).encode(),
            headers={
                "Link": f'<{scripted.url}/first>; rel="first", <{following}{number + 1}>; rel="next", <x>; rel="last"'
            },
        )


def test_list_is_read_by_its_links(scripted: Scripted, scripted_client: InstallationClient) -> None:
    pages(scripted, f"{scripted.url}{COMMENTS[4:]}&page=", 3)
    scripted.replies[f"{COMMENTS}&page=4"] = Reply(b"[]", headers={"Link": '<x>; rel="prev"'})
    scripted_client.find_comments("a/b", 1, "x")
    assert len(scripted.seen) == 1 + 4


def test_list_that_never_ends_is_left(
    scripted: Scripted, scripted_client: InstallationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_PAGES", 3)
    pages(scripted, f"{scripted.url}{COMMENTS[4:]}&page=", 9)
    with pytest.raises(TooLarge, match="more than 3 pages"):
        scripted_client.find_comments("a/b", 1, "x")
    assert scripted.calls()[-1] == f"{COMMENTS}&page=3"


def test_next_page_on_another_origin_is_refused(scripted: Scripted, scripted_client: InstallationClient) -> None:
    pages(scripted, "https://example.com/?page=", 1)
    with pytest.raises(RedirectRefused):
        scripted_client.find_comments("a/b", 1, "x")


@pytest.mark.parametrize("body", [b"{}", b'"x"', b'{"comments": []}', b"null"])
def test_list_that_is_none(scripted: Scripted, scripted_client: InstallationClient, body: bytes) -> None:
    scripted.replies[COMMENTS] = Reply(body)
    with pytest.raises(UnexpectedAnswer, match="not a list"):
        scripted_client.find_comments("a/b", 1, "x")


def test_answer_larger_than_the_bound_is_not_read(
    scripted: Scripted, scripted_client: InstallationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 1000)
    scripted.replies[COMMENTS] = Reply(b"[" + b" " * 2000 + b"]")
    with pytest.raises(TooLarge):
        scripted_client.find_comments("a/b", 1, "x")


def test_answer_that_is_packed_wrongly(scripted: Scripted, scripted_client: InstallationClient) -> None:
    scripted.replies[COMMENTS] = Reply(b"no gzip", headers={"Content-Encoding": "gzip"})
    with pytest.raises(UnexpectedAnswer):
        scripted_client.find_comments("a/b", 1, "x")


def test_redirect_that_is_none_of_ours_is_not_followed(scripted: Scripted, scripted_client: InstallationClient) -> None:
    scripted.replies[COMMENTS] = Reply(status=302, headers={"Location": "/elsewhere"})
    with pytest.raises(UnexpectedAnswer):
        scripted_client.find_comments("a/b", 1, "x")
    assert "GET /elsewhere" not in scripted.calls()
