"""A failed run becomes a comment: through the door, the broker, a real worker and GitHub's HTTP API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import connection

from ci_analysis.models import Analysis, Delivery, Finding, Job, Publication, Run
from metering.models import UsageEvent
from orgs import tenancy
from orgs.models import Organization
from tests.pipeline.workers import Mother
from tests.pipeline.world import World, eventually, everything_is_done


def count(model: Any) -> int:
    with tenancy.all_organizations():
        return int(model.objects.count())


def assert_one_of_everything(world: World, run: Any) -> None:
    assert [comment.author for comment in world.comments] == ["fixci[bot]"]
    assert "test_total" in world.comment
    assert len(world.check_runs(run)) == 1
    counts = {
        model.__name__: count(model)
        for model in (Organization, Delivery, Run, Job, Analysis, Finding, Publication, UsageEvent)
    }
    assert counts == {
        "Organization": 1,
        "Delivery": 1,
        "Run": 1,
        "Job": 1,
        "Analysis": 1,
        "Finding": 1,
        "Publication": 2,
        "UsageEvent": 2,
    }


def test_a_failed_run_becomes_one_comment_and_one_check_run(world: World, worker: int) -> None:
    run = world.failed_run()
    world.deliver(run)
    eventually(lambda: bool(world.comments) and everything_is_done())
    assert_one_of_everything(world, run)


def test_a_delivery_that_comes_many_times_at_once_has_one_effect(world: World, mother: Mother, worker: int) -> None:
    second = mother.start()
    run = world.failed_run()
    delivery = world.github.send_workflow_run(run)

    def post() -> None:
        world.post(delivery)
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        for posted in [pool.submit(post) for _ in range(16)]:
            posted.result()
    eventually(lambda: bool(world.comments) and everything_is_done())
    mother.stop(second)
    assert_one_of_everything(world, run)


def test_a_worker_killed_after_any_effect_leaves_one_comment(world: World, mother: Mother) -> None:
    """The worker that finishes what another one left behind is the next one to be killed, one effect later."""
    effect = 1
    worker = mother.start(dies_after_effect=effect, lease_seconds=0)
    while True:
        _forget_everything(world)
        mother.doom(worker)
        run = world.failed_run()
        world.deliver(run)
        eventually(partial(_killed_or_finished, worker, world, mother))
        if not mother.ended(worker):
            break
        effect += 1
        assert effect < 100, "the workers never finish"
        worker = mother.start(dies_after_effect=effect, lease_seconds=0)
        _finish_by_sweeping()
        eventually(_the_worker_is_idle)
        assert_one_of_everything(world, run)
    assert_one_of_everything(world, run)
    mother.stop(worker)
    assert effect > 15, "the worker has fewer effects than the main job is known to have"


def _finish_by_sweeping() -> None:
    while not everything_is_done():
        # What beat does each minute. Once is not enough: a row that was left behind may lead to the next one.
        current_app.send_task("ci_analysis.tasks.sweep")
        eventually(_the_worker_is_idle)


def _killed_or_finished(worker: int, world: World, mother: Mother) -> bool:
    return mother.ended(worker) or (bool(world.comments) and everything_is_done())


def _the_worker_is_idle() -> bool:
    """No message waits, and the worker, which does one thing at a time, finds the time to answer."""
    return _broker_is_empty() and bool(current_app.control.inspect(limit=1, timeout=5).ping())


def _broker_is_empty() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        return not broker.exists("celery")


def _forget_everything(world: World) -> None:
    """An empty database, an empty broker and a new pull request."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE orgs_organization, ci_analysis_delivery CASCADE")
    current_app.control.purge()
    number = world.pull_request.number
    world.pull_request = world.github.open_pull_request(
        world.repository, title="Again", branch=f"again-{number}", author="marit"
    )
