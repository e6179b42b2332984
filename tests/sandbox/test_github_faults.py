"""What goes wrong on the stand-in GitHub when it is asked to, and its control door."""

from datetime import UTC, datetime

import httpx
import pytest

from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.models import PullRequest, Repository

COMMENTS = "/issues/1/comments"


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500, 502])
def test_next_calls_fail_as_told_and_then_no_more(
    github: StandInGitHub, api: httpx.Client, pull: PullRequest, status: int
) -> None:
    github.fail("POST", "/comments$", status=status, times=2, headers={"Retry-After": "7"})

    answers = [api.post(COMMENTS, json={"body": "Hello"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 201]
    assert answers[0].headers["Retry-After"] == "7"
    assert len(github.comments(pull)) == 1
    assert api.get(COMMENTS).status_code == 200


def test_next_answer_can_be_anything(github: StandInGitHub, api: httpx.Client) -> None:
    github.fail("GET", "/pulls$", status=200, body="<html>not JSON", headers={"Content-Type": "text/html"})

    answer = api.get("/pulls")

    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (200, "<html>not JSON", "text/html")


@pytest.mark.parametrize(("kind", "written"), [("drop_before", 0), ("drop_after", 1)])
def test_connection_is_closed_before_or_after_the_work(
    github: StandInGitHub, api: httpx.Client, pull: PullRequest, kind: str, written: int
) -> None:
    github.fail("POST", "/comments$", kind)

    with pytest.raises(httpx.RemoteProtocolError):
        api.post(COMMENTS, json={"body": "Hello"})

    assert len(github.comments(pull)) == written
    assert github.requests("POST", "/comments")[0].status == 0


def test_log_is_cut_off(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, repository: Repository
) -> None:
    run = github.add_run(repository, [JobSpec(log=b"line\n" * 1000)])
    link = api.get(f"/actions/jobs/{github.jobs(run)[0].id}/logs").headers["Location"]
    github.fail("GET", "/job-logs/", "truncate", bytes=77)
    came: list[bytes] = []

    with anybody.stream("GET", link) as answer, pytest.raises(httpx.RemoteProtocolError):
        came.extend(answer.iter_bytes())

    assert len(b"".join(came)) == 77
    assert [r.status for r in github.requests(origin="logs")] == [200]


def test_slow_log_comes_whole(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client, repository: Repository
) -> None:
    run = github.add_run(repository, [JobSpec(log=b"line\n" * 1000)])
    link = api.get(f"/actions/jobs/{github.jobs(run)[0].id}/logs").headers["Location"]
    github.fail("GET", "/job-logs/", "slow", seconds=0.01)

    assert anybody.get(link).content == b"line\n" * 1000


def test_call_that_hangs_meets_the_callers_time_limit(github: StandInGitHub, api: httpx.Client) -> None:
    github.fail("GET", "/pulls", "hang", seconds=60)

    with pytest.raises(httpx.ReadTimeout):
        api.get("/pulls", timeout=0.05)


def test_unknown_kind_of_fault_is_refused(github: StandInGitHub) -> None:
    with pytest.raises(ValueError, match="kind is one of"):
        github.fail("GET", "/", "explode")


@pytest.mark.parametrize("status", [403, 429])
def test_exhausted_limit_says_when_it_ends(github: StandInGitHub, api: httpx.Client, status: int) -> None:
    github.site.limits.exhaust(seconds=90, status=status)

    answer = api.get("/pulls")
    wait = int(answer.headers["X-RateLimit-Reset"]) - datetime.now(UTC).timestamp()

    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (status, "0")
    assert 80 < wait <= 90
    github.site.limits.restore()
    assert api.get("/pulls").status_code == 200


def test_secondary_limit_asks_to_wait(github: StandInGitHub, api: httpx.Client) -> None:
    github.site.limits.refuse_secondary(times=1, retry_after=12)

    refused, accepted = api.get("/pulls"), api.get("/pulls")

    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "12")
    assert int(refused.headers["X-RateLimit-Remaining"]) > 0
    assert accepted.status_code == 200


def test_calls_count_against_the_limit(github: StandInGitHub, api: httpx.Client, anybody: httpx.Client) -> None:
    address = f"{github.api_url}/rate_limit"
    first, second = api.get("/pulls"), api.get("/pulls")

    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in (first, second)]
    assert left[0] - left[1] == 1
    assert api.get(address).json()["rate"]["remaining"] == left[1]
    assert anybody.get(address).json()["rate"]["used"] == 0


def test_control_door_does_the_same_for_other_processes(
    github: StandInGitHub, api: httpx.Client, anybody: httpx.Client
) -> None:
    door = f"{github.web_url}/_sandbox"

    anybody.post(f"{door}/faults", json={"method": "GET", "path": "/pulls", "status": 502})
    assert api.get("/pulls").status_code == 502
    anybody.post(f"{door}/limits", json={"secondary": {"retry_after": 3}})
    assert api.get("/pulls").headers["Retry-After"] == "3"
    anybody.post(f"{door}/expire", json={"what": "tokens"})
    assert api.get("/pulls").status_code == 401

    seen = anybody.get(f"{door}/requests").json()["requests"]
    assert [(r["method"], r["path"], r["status"]) for r in seen][-1] == ("GET", "/repos/halden/ledger/pulls", 401)
    assert seen[-1]["headers"]["Authorization"] == "present"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("faults", {"verb": "GET"}, 422), ("faults", {"method": "(", "path": "/"}, 422), ("nothing", {}, 404)],
)
def test_control_door_refuses_nonsense(
    github: StandInGitHub, anybody: httpx.Client, path: str, body: dict[str, str], status: int
) -> None:
    assert anybody.post(f"{github.web_url}/_sandbox/{path}", json=body).status_code == status
