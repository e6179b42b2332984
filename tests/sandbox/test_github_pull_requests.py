"""Pull requests, their comments and the repository's files on the stand-in GitHub."""

import base64

import httpx
import pytest

from sandbox.github import FileChange, StandInGitHub
from sandbox.github.models import PullRequest, Repository

COMMENTS = "/issues/1/comments"


@pytest.fixture
def fork(github: StandInGitHub, repository: Repository) -> PullRequest:
    return github.open_pull_request(repository, fork_owner="Odalys", branch="patch-1", author="odalys")


def test_commit_leads_to_its_pull_request(api: httpx.Client, pull: PullRequest) -> None:
    assert [p["number"] for p in api.get(f"/commits/{pull.head_sha}/pulls").json()] == [pull.number]


def test_earlier_commit_of_a_pull_request_leads_to_it_too(
    github: StandInGitHub, api: httpx.Client, pull: PullRequest
) -> None:
    earlier = pull.head_sha
    github.push(pull)

    assert [p["head"]["sha"] for p in api.get(f"/commits/{earlier}/pulls").json()] == [pull.head_sha]
    assert api.get(f"/pulls/{pull.number}").json()["commits"] == 2


def test_commit_of_a_fork_leads_nowhere(api: httpx.Client, fork: PullRequest) -> None:
    answer = api.get(f"/commits/{fork.head_sha}/pulls")

    assert (answer.status_code, answer.json()) == (200, [])


def test_fork_is_found_by_owner_and_branch(api: httpx.Client, pull: PullRequest, fork: PullRequest) -> None:
    found = api.get("/pulls", params={"state": "open", "head": "odalys:patch-1"}).json()

    assert [(p["number"], p["head"]["sha"]) for p in found] == [(fork.number, fork.head_sha)]


def test_closed_pull_requests_are_listed_on_demand(api: httpx.Client, pull: PullRequest) -> None:
    pull.state = "closed"

    assert api.get("/pulls").json() == []
    assert len(api.get("/pulls", params={"state": "all"}).json()) == 1
    assert api.get("/pulls", params={"state": "maybe"}).status_code == 422


def test_pull_request_of_a_deleted_fork_has_no_head_repository(api: httpx.Client, fork: PullRequest) -> None:
    fork.head_repository_id = None

    assert api.get(f"/pulls/{fork.number}").json()["head"]["repo"] is None


def test_files_of_a_pull_request(github: StandInGitHub, api: httpx.Client, repository: Repository) -> None:
    pull = github.open_pull_request(repository, branch="b", files=[FileChange("a.py", 3, 1), FileChange("b.py")])

    files = api.get(f"/pulls/{pull.number}/files").json()

    assert [(f["filename"], f["changes"]) for f in files] == [("a.py", 4), ("b.py", 1)]


def test_comment_is_the_apps(github: StandInGitHub, api: httpx.Client, pull: PullRequest) -> None:
    made = api.post(COMMENTS, json={"body": "Hello"})

    assert made.status_code == 201
    assert made.json()["user"] | {"login": "fixci[bot]", "type": "Bot"} == made.json()["user"]
    assert made.json()["performed_via_github_app"]["id"] == github.app_id
    assert [comment.body for comment in github.comments(pull)] == ["Hello"]


def test_comment_of_a_person_with_the_apps_marker_is_not_the_apps(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest
) -> None:
    pasted = github.add_comment(repository, pull, "<!-- fixci:v1:x --> mine", author="joris")

    [seen] = api.get(COMMENTS).json()

    assert (seen["performed_via_github_app"], seen["user"]["type"]) == (None, "User")
    assert api.patch(f"/issues/comments/{pasted.id}", json={"body": "taken"}).status_code == 403
    assert api.delete(f"/issues/comments/{pasted.id}").status_code == 403
    assert github.comments(pull)[0].body == "<!-- fixci:v1:x --> mine"


def test_comment_is_edited_and_deleted(github: StandInGitHub, api: httpx.Client, pull: PullRequest) -> None:
    number = api.post(COMMENTS, json={"body": "first"}).json()["id"]

    assert api.patch(f"/issues/comments/{number}", json={"body": "second"}).json()["body"] == "second"
    assert github.comments(pull)[0].edits == 1
    assert api.delete(f"/issues/comments/{number}").status_code == 204
    assert api.patch(f"/issues/comments/{number}", json={"body": "third"}).status_code == 404


@pytest.mark.parametrize(("body", "status"), [("x" * 65_536, 201), ("x" * 65_537, 422), ("", 422), (None, 422)])
def test_body_of_a_comment_is_bounded(api: httpx.Client, pull: PullRequest, body: str | None, status: int) -> None:
    assert api.post(COMMENTS, json={"body": body}).status_code == status


def test_body_that_is_no_json_is_refused(api: httpx.Client, pull: PullRequest) -> None:
    answer = api.post(COMMENTS, content=b"{nonsense")

    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_comments_come_oldest_first_in_pages_of_at_most_a_hundred(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest
) -> None:
    for number in range(130):
        github.add_comment(repository, pull, f"comment {number}", author="joris")

    first = api.get(COMMENTS, params={"per_page": 500})
    second = api.get(first.links["next"]["url"])

    assert (len(first.json()), first.json()[0]["body"]) == (100, "comment 0")
    assert (len(second.json()), second.json()[-1]["body"]) == (30, "comment 129")
    assert "next" not in second.links


def test_reactions_of_a_comment(
    github: StandInGitHub, api: httpx.Client, repository: Repository, pull: PullRequest
) -> None:
    comment = github.add_comment(repository, pull, "Hello", author="joris")
    github.add_reaction(comment, user="marit", content="-1")

    [reaction] = api.get(f"/issues/comments/{comment.id}/reactions").json()

    assert (reaction["content"], reaction["user"]["login"]) == ("-1", "marit")
    assert api.get(f"/issues/comments/{comment.id}").json()["reactions"]["-1"] == 1


def test_comments_of_a_pull_request_that_is_not_there(api: httpx.Client) -> None:
    assert api.get("/issues/77/comments").status_code == 404


def test_contents_are_files_and_directories(api: httpx.Client, repository: Repository) -> None:
    repository.files |= {"src/a.py": "print()\n", "src/deep/b.py": "", "README.md": "Ledger"}

    file = api.get("/contents/src/a.py").json()
    directory = api.get("/contents/src").json()

    assert base64.b64decode(file["content"]) == b"print()\n"
    assert {(entry["name"], entry["type"]) for entry in directory} == {("a.py", "file"), ("deep", "dir")}
    assert {entry["name"] for entry in api.get("/contents/").json()} == {"src", "README.md"}
    assert api.get("/contents/none.py").status_code == 404


def test_comparison_of_a_branch_with_a_fork(api: httpx.Client, fork: PullRequest) -> None:
    compared = api.get("/compare/main...odalys:patch-1").json()

    assert (compared["status"], compared["ahead_by"]) == ("ahead", 1)
    assert compared["commits"][0]["sha"] == fork.head_sha
    assert api.get("/compare/main...nobody:x").status_code == 404
