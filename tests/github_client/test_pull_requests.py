"""Which pull requests a run belongs to: GitHub's own list, the head's owner and branch, the commit."""

import json

import pytest

from ci_analysis.github import InstallationClient, InvalidName, NotFound, PullRequest
from sandbox.github import JobSpec, StandInGitHub
from sandbox.github import models as github_models
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted


def found_for(client: InstallationClient, place: Place, run: github_models.Run) -> tuple[PullRequest, ...]:
    return client.find_pull_requests_of(place.name, client.run_attempt(place.name, run.id, 1))


@pytest.mark.parametrize("fork_owner", [None, "odalys"])
def test_pull_request_of_a_run_is_found(
    github: StandInGitHub, place: Place, client: InstallationClient, fork_owner: str | None
) -> None:
    pull = github.open_pull_request(place.repository, fork_owner=fork_owner, branch="patch/ü-1")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    (found,) = found_for(client, place, run)
    assert (found.number, found.head_sha, found.base_branch) == (pull.number, pull.head_sha, "main")
    assert found.head_label == f"{fork_owner or place.repository.owner}:patch/ü-1"
    assert found.base_repository_id == place.repository.id


def test_fork_is_looked_up_by_owner_and_branch(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository, fork_owner="odalys", branch="patch-1")
    other = github.open_pull_request(place.repository, fork_owner="marit", branch="patch-1")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    assert [found.number for found in found_for(client, place, run)] == [pull.number]
    assert other.number != pull.number
    (asked,) = github.requests("GET", f"/repos/{place.name}/pulls")
    assert asked.query == "per_page=100&state=open&head=odalys%3Apatch-1"


def test_pull_request_that_moved_on_is_found_by_the_commit(
    scripted: Scripted, scripted_client: InstallationClient
) -> None:
    old, new = "a" * 40, "b" * 40
    pull = {
        "number": 11,
        "state": "open",
        "head": {"sha": new, "ref": "round-totals", "label": "a:round-totals", "repo": None, "user": {"login": "a"}},
        "base": {"ref": "main", "repo": {"id": 1}},
    }
    listed = Reply(json.dumps([pull]).encode())
    scripted.replies["GET /repos/a/b/pulls?per_page=100&state=open&head=a%3Around-totals"] = listed
    scripted.replies[f"GET /repos/a/b/commits/{old}/pulls?per_page=100"] = listed
    (found,) = scripted_client.find_pull_requests(
        "a/b", repository_id=1, head_sha=old, head_owner="a", head_branch="round-totals"
    )
    assert (found.number, found.head_sha, found.head_owner) == (11, new, "a")
    assert scripted.calls()[-1].startswith(f"GET /repos/a/b/commits/{old}")


def test_fork_that_moved_on_is_not_found(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository, fork_owner="odalys")
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    github.push(pull)
    assert found_for(client, place, run) == ()


def test_closed_pull_request_is_left_out(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository)
    run = github.add_run(place.repository, [JobSpec()], pull_request=pull)
    pull.state = "closed"
    assert found_for(client, place, run) == ()


def test_pull_request_into_another_repository_is_left_out(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    pull = github.open_pull_request(place.repository)
    found = client.find_pull_requests(
        place.name,
        repository_id=place.repository.id + 1,
        head_sha=pull.head_sha,
        head_owner=place.repository.owner,
        head_branch=pull.head_branch,
        numbers=[pull.number],
    )
    assert found == ()


def test_number_that_is_unknown_is_passed_over(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    pull = github.open_pull_request(place.repository)
    (found,) = client.find_pull_requests(
        place.name,
        repository_id=place.repository.id,
        head_sha=pull.head_sha,
        head_owner=None,
        head_branch=None,
        numbers=[999_999, pull.number],
    )
    assert found.number == pull.number


def test_push_without_a_pull_request_finds_none(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    run = github.add_run(place.repository, [JobSpec()])
    assert found_for(client, place, run) == ()


def test_deleted_fork_still_has_its_pull_request(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    pull = github.open_pull_request(place.repository, fork_owner="odalys", author="odalys")
    pull.head_repository_id = None
    found = client.pull_request(place.name, pull.number)
    assert (found.head_repository_id, found.author, found.state) == (None, "odalys", "open")


def test_unknown_pull_request(place: Place, client: InstallationClient) -> None:
    with pytest.raises(NotFound):
        client.pull_request(place.name, 4711)


@pytest.mark.parametrize(
    "repository",
    ["", "a", "a/", "/b", "a/b/c", "a/..", "a/.", "../b", "a/b?x", "a/b#x", "a/b%2f", "a b/c", "a/b\n", "ä/b"],
)
def test_repository_that_cannot_be_one_is_never_asked_for(
    github: StandInGitHub, client: InstallationClient, repository: str
) -> None:
    with pytest.raises(InvalidName, match="repository"):
        client.pull_request(repository, 1)
    assert github.requests() == []


@pytest.mark.parametrize(
    ("sha", "owner", "branch"),
    [
        ("main", None, None),
        ("A" * 40, None, None),
        ("a" * 40 + "/..", None, None),
        ("a" * 40, "a/b", "main"),
        ("a" * 40, "a", "ma in"),
        ("a" * 40, "a", "a..b"),
        ("a" * 40, "a", "a:b"),
        ("a" * 40, "a", "x" * 256),
        ("a" * 40, "a", "a\x00b"),
    ],
)
def test_commit_and_branch_that_cannot_be_one_are_never_asked_for(
    github: StandInGitHub, client: InstallationClient, sha: str, owner: str | None, branch: str | None
) -> None:
    with pytest.raises(InvalidName):
        client.find_pull_requests("a/b", repository_id=1, head_sha=sha, head_owner=owner, head_branch=branch)
    assert github.requests() == []
