"""The inbox: every delivery comes to an end, once, however often and however late it is delivered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Celery, current_app
from django.utils import timezone
from pytest_django.fixtures import Settings

from ci_analysis import tasks
from ci_analysis.models import Analysis, Delivery, Installation, Run
from ci_analysis.services import deliveries
from orgs import tenancy
from tests.pipeline.payload_files import payload_files
from tests.pipeline.world import Desk

Captured = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def no_broker(tmp_path: Path) -> Iterator[None]:
    """The application sends to a broker that is not there."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    stranded = Celery("stranded", set_as_current=False, broker=f"redis+socket://{tmp_path}/nobody.sock")
    stranded.conf.broker_transport_options = {"max_retries": 0}
    stranded.set_current()
    yield
    stranded.close()
    app.set_current()


def status_of(desk: Desk) -> list[tuple[str, int]]:
    return [(delivery.status, delivery.attempts) for delivery in desk.rows(Delivery)]


@pytest.mark.parametrize("path", payload_files(), ids=lambda path: path.stem)
def test_each_of_githubs_payloads_is_taken_and_comes_to_an_end(desk: Desk, path: Path) -> None:
    payload = json.loads(path.read_bytes())
    assert desk.event(path.name.partition(".")[0], payload).status_code == 202
    desk.work(most=3)
    delivery = desk.row(Delivery)
    assert delivery.status in ("done", "ignored", "failed")
    assert bool(delivery.error) or delivery.status != "failed"
    assert "Error:" not in delivery.error, "an error of our own"


@pytest.mark.parametrize(
    ("event", "action"), [("star", "created"), ("workflow_run", "requested"), ("installation", "renamed"), ("x", "")]
)
def test_what_we_do_not_know_is_stored_and_ignored_by_name(desk: Desk, event: str, action: str) -> None:
    assert desk.event(event, {"action": action, "installation": {"id": 5}}).status_code == 202
    desk.work()
    delivery = desk.row(Delivery)
    assert (delivery.event, delivery.action, delivery.status) == (event, action, "ignored")
    assert desk.github.requests(path="/installations/5") == []


def test_a_ping_is_done(desk: Desk) -> None:
    desk.post(desk.github.send_ping())
    desk.work()
    assert status_of(desk) == [("done", 1)]


def test_a_duplicate_is_known_while_the_first_is_open_and_after_it_is_done(desk: Desk) -> None:
    delivery = desk.deliver(desk.failed_run())
    desk.post(delivery)
    assert status_of(desk) == [("received", 0)]
    desk.work()
    desk.post(delivery)
    assert desk.work() == 0
    assert status_of(desk) == [("done", 1)]
    assert len(desk.rows(Run)) == len(desk.comments) == 1


def test_the_same_run_under_two_deliveries_is_analysed_once(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    desk.happens(run)
    assert status_of(desk) == [("done", 1), ("done", 1)]
    assert desk.row(Analysis).revision == 1
    assert [comment.edits for comment in desk.comments] == [0]


def test_a_redelivery_of_a_failed_one_runs_again(desk: Desk) -> None:
    run = desk.failed_run()
    desk.github.fail("GET", f"/actions/runs/{run.id}/attempts/1$", status=422)
    delivery = desk.happens(run)
    failed = desk.row(Delivery)
    assert (failed.status, failed.attempts) == ("failed", 1)
    assert failed.error
    desk.post(desk.github.redeliver(delivery))
    desk.work()
    assert status_of(desk) == [("done", 1)]
    assert "test_total" in desk.comment


def test_a_failed_one_that_is_redelivered_is_processed_from_what_was_sent_last(desk: Desk) -> None:
    delivery = desk.github.send_workflow_run(desk.failed_run())
    with tenancy.all_organizations():
        Delivery.objects.create(
            guid=delivery.guid, event="workflow_run", action="completed", status="failed", payload={}
        )
    desk.post(delivery)
    desk.work()
    assert len(desk.comments) == 1


def test_github_being_down_is_waited_for_and_then_given_up(
    desk: Desk, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.OUTAGE_SECONDS = 2 * 3600
    settings.ANALYSIS_RETRY_BASE_SECONDS, settings.ANALYSIS_RETRY_MAX_SECONDS = 5, 600
    desk.github.fail("GET", "/actions/runs/", status=502, times=1000)
    run = desk.failed_run()
    desk.happens(run)
    tries = 0
    while desk.row(Delivery).status == "received":
        clock.shift(600)
        tries += bool(desk.work())
    delivery = desk.row(Delivery)
    assert "GitHub has a problem of its own" in delivery.error
    assert delivery.status == "failed"
    assert tries * 600 > settings.OUTAGE_SECONDS


def test_an_outage_of_hours_costs_nobody_the_comment(
    desk: Desk, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.ANALYSIS_RETRY_BASE_SECONDS, settings.ANALYSIS_RETRY_MAX_SECONDS = 5, 600
    desk.github.fail("GET", "/actions/runs/", status=502, times=12)
    desk.happens(desk.failed_run())
    for _ in range(20):
        clock.shift(600)
        desk.work()
    assert "test_total" in desk.comment


def test_a_delivery_that_makes_us_crash_each_time_ends_as_failed_with_the_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def crash(payload: dict[str, Any]) -> None:
        raise ZeroDivisionError("an error of our own")

    monkeypatch.setitem(deliveries.HANDLERS, ("ping", ""), crash)
    desk.raw(b"{}")
    desk.work()
    delivery = desk.row(Delivery)
    assert (delivery.status, delivery.error) == ("failed", "ZeroDivisionError: an error of our own")
    assert delivery.attempts == settings.ANALYSIS_MAX_ATTEMPTS


def test_a_delivery_that_kills_its_worker_each_time_ends_as_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    class Killed(BaseException):
        """Like SIGKILL, leaves no handler a chance."""

    def kill(payload: dict[str, Any]) -> None:
        raise Killed

    settings.LEASE_SECONDS = 0
    monkeypatch.setitem(deliveries.HANDLERS, ("ping", ""), kill)
    desk.raw(b"{}")
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        with pytest.raises(Killed):
            desk.work()
    desk.work()
    delivery = desk.row(Delivery)
    assert (delivery.status, delivery.error) == ("failed", "given up: each attempt ended without an answer")


def test_what_one_worker_holds_no_other_takes_until_its_lease_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    taken: list[int] = []

    def take_again(payload: dict[str, Any]) -> None:
        taken.append(len(taken))
        deliveries.process(desk.row(Delivery).pk)

    monkeypatch.setitem(deliveries.HANDLERS, ("ping", ""), take_again)
    desk.raw(b"{}")
    desk.work()
    assert taken == [0]
    assert status_of(desk) == [("done", 1)]


@pytest.mark.parametrize("status", [403, 429])
def test_githubs_rate_limit_is_waited_for_as_told_and_counts_as_no_attempt(
    desk: Desk, clock: time_machine.Traveller, status: int
) -> None:
    desk.github.site.limits.exhaust(seconds=1800, status=status)
    desk.happens(desk.failed_run())
    delivery = desk.row(Delivery)
    assert (delivery.status, delivery.attempts) == ("received", 0)
    assert delivery.next_attempt_at == timezone.now() + timedelta(seconds=1800)
    asked = len(desk.github.requests())
    deliveries.process(delivery.pk)
    clock.shift(1700)
    assert desk.work() == 0
    assert len(desk.github.requests()) == asked, "asked while limited"
    clock.shift(101)
    desk.work()
    assert len(desk.comments) == 1


def test_a_wait_longer_than_the_brokers_patience_is_left_to_the_sweeper(
    desk: Desk, clock: time_machine.Traveller, django_capture_on_commit_callbacks: Captured
) -> None:
    desk.deliver(desk.failed_run())
    delivery = desk.row(Delivery)
    desk.github.site.limits.refuse_secondary(retry_after=1800)
    with django_capture_on_commit_callbacks() as sent:
        deliveries.process(delivery.pk)
    assert sent == []
    clock.shift(1801)
    with django_capture_on_commit_callbacks() as sent:
        tasks.sweep()
    assert len(sent) == 1


def test_the_door_takes_a_delivery_without_a_broker_and_the_sweeper_does_the_rest(
    desk: Desk, no_broker: None, django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as sent:
        desk.deliver(desk.failed_run())
    assert len(sent) == 1
    assert status_of(desk) == [("received", 0)]
    desk.work()
    assert len(desk.comments) == 1


def test_a_broker_that_refuses_to_store_is_as_good_as_none(
    desk: Desk, django_capture_on_commit_callbacks: Captured
) -> None:
    """Out of memory, read-only: here a user who may not write."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    redis = app.connection_for_write().default_channel.client
    redis.execute_command("ACL", "SETUSER", "reader", "on", ">word", "~*", "&*", "+@all", "-@write")
    reading = Celery("reading", set_as_current=False, broker=app.conf.broker_url.replace("://", "://reader:word@"))
    reading.set_current()
    try:
        with django_capture_on_commit_callbacks(execute=True) as sent:
            assert desk.raw(b"{}").status_code == 202
    finally:
        app.set_current()
        reading.close()
        redis.execute_command("ACL", "DELUSER", "reader")
        redis.close()
    assert len(sent) == 1
    assert status_of(desk) == [("received", 0)]


def test_the_sweeper_enqueues_what_is_open_and_old_enough_and_nothing_else(
    desk: Desk, clock: time_machine.Traveller, settings: Settings, django_capture_on_commit_callbacks: Captured
) -> None:
    with tenancy.all_organizations():
        for number, status in enumerate(Delivery.Status.values):
            Delivery.objects.create(guid=f"{number}", event="ping", status=status, payload={})
        waiting = timezone.now() + timedelta(minutes=5)
        Delivery.objects.create(guid="waiting", event="ping", payload={}, next_attempt_at=waiting)
    with django_capture_on_commit_callbacks() as young:
        tasks.sweep()
    clock.shift(settings.SWEEP_AFTER_SECONDS + 1)
    with django_capture_on_commit_callbacks() as old:
        tasks.sweep()
    assert (len(young), len(old)) == (0, 1)


def test_beat_asks_github_for_deliveries_that_never_arrived_and_for_no_others(desk: Desk) -> None:
    everything_arrived(desk)
    lost, arrived, refused, answered = (desk.github.send_workflow_run(desk.failed_run()) for _ in range(4))
    for delivery, code in ((lost, 502), (arrived, 504), (refused, 413), (answered, 202)):
        delivery.status_code = code
    desk.post(arrived)
    before = len(desk.github.requests("POST", "/attempts"))
    tasks.request_redelivery()
    asked = [request.path for request in desk.github.requests("POST", "/attempts")[before:]]
    assert asked == [f"/app/hook/deliveries/{lost.id}/attempts"]


def test_one_delivery_that_github_does_not_send_again_does_not_hold_up_the_others(desk: Desk) -> None:
    everything_arrived(desk)
    first, second = (desk.github.send_workflow_run(desk.failed_run()) for _ in range(2))
    first.status_code = second.status_code = 502
    desk.github.fail("POST", f"/app/hook/deliveries/{second.id}/attempts", status=404)
    assert deliveries.request_redelivery() == 1
    assert desk.github.requests("POST", "/attempts")[-1].path == f"/app/hook/deliveries/{first.id}/attempts"


def test_without_an_app_nothing_is_asked_for(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_APP_ID = ""
    before = len(desk.github.requests())
    tasks.request_redelivery()
    assert len(desk.github.requests()) == before


def test_closed_deliveries_are_pruned_and_open_ones_never(desk: Desk, settings: Settings) -> None:
    old = timezone.now() - timedelta(days=settings.DELIVERY_KEPT_DAYS, seconds=1)
    with tenancy.all_organizations():
        for number, status in enumerate(Delivery.Status.values):
            Delivery.objects.create(guid=f"old {number}", event="ping", status=status, payload={}, received_at=old)
            Delivery.objects.create(guid=f"new {number}", event="ping", status=status, payload={})
    tasks.prune_deliveries()
    left = {(delivery.guid[:3], delivery.status) for delivery in desk.rows(Delivery)}
    assert left == {("old", "received"), *(("new", status) for status in Delivery.Status.values)}


def test_an_installation_that_github_does_not_know_is_ignored_with_the_reason(desk: Desk) -> None:
    desk.event("workflow_run", workflow_run_of(installation=999_999_999))
    desk.work()
    delivery = desk.row(Delivery)
    assert (delivery.status, delivery.error) == ("ignored", "installation 999999999 is unknown to GitHub")
    assert desk.rows(Installation) == []


def everything_arrived(desk: Desk) -> None:
    """What other tests sent counts as delivered."""
    for delivery in desk.github.deliveries():
        delivery.status_code = 202


def workflow_run_of(*, installation: int) -> dict[str, Any]:
    return {
        "action": "completed",
        "installation": {"id": installation},
        "repository": {"id": 1, "full_name": "halden/ledger"},
        "workflow_run": {"id": 1, "run_attempt": 1, "conclusion": "failure"},
    }
