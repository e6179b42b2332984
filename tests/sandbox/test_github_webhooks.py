"""Webhooks of the stand-in GitHub: what is sent, how it is signed, and what happens to it on the way."""

import hashlib
import hmac
import json

import httpx
import pytest

from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.models import Installation, PullRequest, Repository, Run
from tests.sandbox.callers import Receiver


@pytest.fixture
def run(github: StandInGitHub, repository: Repository, installation: Installation, pull: PullRequest) -> Run:
    return github.add_run(repository, [JobSpec("test")], pull_request=pull)


def _guids(receiver: Receiver) -> list[str]:
    return [headers["X-Github-Delivery"] for headers, _ in receiver.received]


def test_finished_run_is_told_with_githubs_headers(github: StandInGitHub, receiver: Receiver, run: Run) -> None:
    delivery = github.send_workflow_run(run)

    [(headers, body)] = receiver.received
    signature = hmac.new(github.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert headers["X-Github-Event"] == "workflow_run"
    assert headers["X-Github-Delivery"] == delivery.guid
    assert headers["X-Github-Hook-Installation-Target-Id"] == str(github.app_id)
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert delivery.status_code == 202


def test_payload_of_a_run_names_all_that_is_needed(
    github: StandInGitHub, receiver: Receiver, installation: Installation, run: Run, pull: PullRequest
) -> None:
    github.send_workflow_run(run)

    told = json.loads(receiver.received[0][1])
    assert (told["action"], told["installation"]["id"]) == ("completed", installation.id)
    assert (told["organization"]["login"], told["sender"]["login"]) == ("halden", "marit")
    assert told["workflow"]["id"] == told["workflow_run"]["workflow_id"]
    assert told["workflow_run"]["pull_requests"][0]["number"] == pull.number
    assert told["workflow_run"]["conclusion"] == "failure"


def test_nothing_is_told_where_the_app_is_not_installed_or_suspended(
    github: StandInGitHub, receiver: Receiver, installation: Installation, run: Run
) -> None:
    github.suspend(installation)

    with pytest.raises(LookupError, match="nobody was told"):
        github.send_workflow_run(run)
    assert receiver.received == []


def test_redelivery_has_the_same_delivery_id(
    github: StandInGitHub, receiver: Receiver, as_app: httpx.Client, run: Run
) -> None:
    receiver.status = 500
    first = github.send_workflow_run(run)
    receiver.status = 202

    [failed] = as_app.get("/app/hook/deliveries", params={"status": "failure"}).json()
    answer = as_app.post(f"/app/hook/deliveries/{failed['id']}/attempts")
    github.site.webhooks.drain()

    assert (failed["guid"], failed["status_code"]) == (first.guid, 500)
    assert answer.status_code == 202
    assert _guids(receiver) == [first.guid, first.guid]
    newest = as_app.get("/app/hook/deliveries").json()[0]
    assert (newest["redelivery"], newest["status_code"]) == (True, 202)


def test_door_that_is_closed_is_a_failed_delivery(github: StandInGitHub, as_app: httpx.Client, run: Run) -> None:
    github.app.webhook_url = "http://127.0.0.1:9/nobody"

    delivery = github.send_workflow_run(run)

    assert delivery.status == "failed to connect to host"
    assert len(as_app.get("/app/hook/deliveries", params={"status": "failure"}).json()) == 1


def test_deliveries_are_paged_by_cursor(github: StandInGitHub, as_app: httpx.Client, receiver: Receiver) -> None:
    sent = [github.send_ping() for _ in range(5)]

    first = as_app.get("/app/hook/deliveries", params={"per_page": 3})
    second = as_app.get(first.links["next"]["url"])

    listed = [entry["id"] for entry in first.json() + second.json()]
    assert listed == [delivery.id for delivery in reversed(sent) if delivery]
    assert "next" not in second.links
    assert as_app.get("/app/hook/deliveries", params={"cursor": "x"}).status_code == 400
    assert as_app.post("/app/hook/deliveries/1/attempts").status_code == 404


def test_webhooks_get_lost_and_doubled_on_demand(github: StandInGitHub, receiver: Receiver) -> None:
    github.site.webhooks.lose(1)
    assert github.send_ping() is None
    github.site.webhooks.repeat(1)
    doubled = github.send_ping()

    assert doubled is not None
    assert _guids(receiver) == [doubled.guid, doubled.guid]


@pytest.mark.parametrize(("order", "expected"), [("same", [0, 1, 2]), ("reversed", [2, 1, 0])])
def test_webhooks_are_held_back_and_released_in_another_order(
    github: StandInGitHub, receiver: Receiver, order: str, expected: list[int]
) -> None:
    github.site.webhooks.hold()
    sent = [github.send_ping(wait=False) for _ in range(3)]
    github.site.webhooks.drain()
    assert receiver.received == []

    github.site.webhooks.release(order=order)
    github.site.webhooks.drain()

    assert _guids(receiver) == [sent[place].guid for place in expected]  # type: ignore[union-attr]


def test_life_of_an_installation_is_told(
    github: StandInGitHub, receiver: Receiver, installation: Installation, repository: Repository
) -> None:
    for action in ("created", "suspend", "unsuspend", "deleted"):
        github.send_installation(installation, action)
    github.send_installation_repositories(installation, added=[repository])

    told = [json.loads(body) for _, body in receiver.received]
    assert [payload["action"] for payload in told] == ["created", "suspend", "unsuspend", "deleted", "added"]
    assert told[0]["repositories"][0]["full_name"] == "halden/ledger"
    assert told[4]["repositories_added"][0]["id"] == repository.id
    assert {payload["installation"]["id"] for payload in told} == {installation.id}


def test_request_for_another_check_goes_to_the_app_that_made_it(
    github: StandInGitHub, receiver: Receiver, api: httpx.Client, repository: Repository, pull: PullRequest
) -> None:
    api.post("/check-runs", json={"name": "FixCI", "head_sha": pull.head_sha, "external_id": "a7"})
    github.site.webhooks.drain()

    github.send_check_rerequested(github.check_runs(repository, pull.head_sha)[0])

    told = [json.loads(body) for _, body in receiver.received]
    assert [payload["action"] for payload in told] == ["created", "rerequested"]
    assert told[1]["check_run"]["external_id"] == "a7"


def test_anything_can_be_sent_and_signed(github: StandInGitHub, receiver: Receiver) -> None:
    delivery = github.send("star", {"action": "created"})

    assert delivery is not None
    assert receiver.received[0][1] == b'{"action":"created"}'
    assert github.signed(delivery).headers["X-GitHub-Event"] == "star"


def test_without_a_door_deliveries_are_only_recorded(github: StandInGitHub) -> None:
    delivery = github.send_ping()

    assert delivery is not None
    assert (delivery.status, delivery.status_code) == ("not sent", 0)
    assert github.deliveries("ping") == [delivery]
