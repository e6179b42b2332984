"""What the tests of the main job share: one repository with a pull request, and waiting for what happens to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from django.db.models import F, Model, QuerySet
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from ci_analysis import tasks
from ci_analysis.models import Analysis, Delivery, Publication
from orgs import tenancy
from sandbox.github import JobSpec, StandInGitHub
from sandbox.github.webhooks import sign

Row = TypeVar("Row", bound=Model)

LOG = b"""\
2026-11-21T10:00:00.0000000Z ##[group]Run python -m pytest
2026-11-21T10:00:00.1000000Z python -m pytest
2026-11-21T10:00:00.1000000Z shell: /usr/bin/bash -e {0}
2026-11-21T10:00:00.2000000Z ##[endgroup]
2026-11-21T10:00:01.0000000Z ______________________________ test_total ______________________________
2026-11-21T10:00:01.0000000Z >       assert total([1, 2]) == 4
2026-11-21T10:00:01.0000000Z E       assert 3 == 4
2026-11-21T10:00:01.0000000Z tests/test_cart.py:14: AssertionError
2026-11-21T10:00:01.0000000Z =========================== short test summary info ===========================
2026-11-21T10:00:01.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4
2026-11-21T10:00:01.0000000Z ============================== 1 failed in 0.10s ==============================
2026-11-21T10:00:01.2000000Z ##[error]Process completed with exit code 1.
"""


class Place(NamedTuple):
    """Where a test happens."""

    github: StandInGitHub
    repository: Any
    installation: Any
    pull_request: Any
    client: Client


@dataclass
class World:
    """One repository with one pull request on the stand-in, and how to wait for what happens to it."""

    github: StandInGitHub
    repository: Any
    installation: Any
    pull_request: Any
    client: Client

    def failed_run(self, jobs: list[JobSpec] | None = None, **kwargs: Any) -> Any:
        jobs = jobs or [JobSpec("test", log=LOG)]
        return self.github.add_run(self.repository, jobs, **{"pull_request": self.pull_request, **kwargs})

    def deliver(self, run: Any) -> Any:
        """Post the signed webhook of a finished run at our door; the delivery, for sending it again."""
        delivery = self.github.send_workflow_run(run)
        self.post(delivery)
        return delivery

    def post(self, delivery: Any, status: int = 202) -> None:
        signed = self.github.signed(delivery)
        response = self.client.post(
            "/github/webhook", signed.body, content_type="application/json", headers=signed.headers
        )
        assert response.status_code == status, response.content

    @property
    def comments(self) -> list[Any]:
        return list(self.github.comments(self.pull_request))

    @property
    def comment(self) -> str:
        (comment,) = self.comments
        return str(comment.body)

    def check_runs(self, run: Any) -> list[Any]:
        return list(self.github.check_runs(self.repository, run.head_sha))


@dataclass
class Desk(World):
    """A world whose work is done in this process: `work` is a worker that takes all that is due, until nothing is."""

    def work(self, *, most: int = 40) -> int:
        """How many tasks there were. More than `most`: something is tried again without an end."""
        done = 0
        while due := self.due():
            for task, args in due:
                task(*args)
            done += len(due)
            assert done <= most, f"still due after {done} tasks: {due}"
        return done

    def due(self) -> list[tuple[Callable[..., None], tuple[int, ...]]]:
        """What the sweeper would enqueue, if it did not wait."""
        later = timezone.now() + timedelta(hours=1)
        with tenancy.all_organizations():
            return [
                *((tasks.process_delivery, (pk,)) for pk in ids(Delivery.objects.due(stored_before=later))),
                *((tasks.analyze_run, pk) for pk in owned(Analysis.objects.due(requested_before=later))),
                *((tasks.publish, pk) for pk in owned(Publication.objects.due(wanted_before=later))),
            ]

    def happens(self, run: Any) -> Any:
        """The run's webhook comes in, and everything that follows from it is done."""
        delivery = self.deliver(run)
        self.work()
        return delivery

    def event(self, event: str, payload: dict[str, Any], **headers: str) -> HttpResponse:
        """Any signed JSON at our door, as a delivery of its own."""
        return self.raw(json.dumps(payload).encode(), event=event, **headers)

    def raw(self, body: bytes, *, event: str = "ping", **headers: str) -> HttpResponse:
        """Any signed bytes at our door. A header of "" is left out."""
        signed = {
            "X-GitHub-Delivery": str(uuid4()),
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": sign(self.github.webhook_secret, body),
            "Content-Type": "application/json",
        } | headers
        sent = {name: value for name, value in signed.items() if value and name != "Content-Type"}
        return self.client.generic(  # type: ignore[return-value]
            "POST", "/github/webhook", body, content_type=signed["Content-Type"], headers=sent
        )

    def rows(self, model: type[Row]) -> list[Row]:
        """All rows of a table, of whatever organization, oldest first."""
        with tenancy.all_organizations():
            return list(model._default_manager.order_by("pk"))

    def row(self, model: type[Row]) -> Row:
        (row,) = self.rows(model)
        return row


def ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def owned(rows: QuerySet[Any]) -> list[tuple[int, int]]:
    return list(rows.order_by("pk").values_list("org_id", "pk"))


def eventually(condition: Callable[[], bool], *, within: float = 20) -> None:
    """Returns as soon as the condition holds; fails the test when it does not in time."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "still waiting for it"
        time.sleep(0.02)


def everything_is_done() -> bool:
    """No delivery, analysis or publication is open."""
    with tenancy.all_organizations():
        return not (
            Delivery.objects.filter(status=Delivery.Status.RECEIVED).exists()
            or Analysis.objects.filter(status__in=["queued", "running"]).exists()
            or Publication.objects.filter(published__lt=F("wanted"), failed=False).exists()
        )
