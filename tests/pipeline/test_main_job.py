"""A failed run becomes a comment: through the door, the broker, a real worker and GitHub's HTTP API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import current_app
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
    effect, survived = 0, False
    while not survived:
        effect += 1
        assert effect < 100, "the workers never finish"
        survived = _killed_after(effect, world, mother)
    assert effect > 15, "the worker has fewer effects than the main job is known to have"


def _killed_after(effect: int, world: World, mother: Mother) -> bool:
    """One run whose first worker dies after this effect and whose second one finishes. True: the first one finished."""
    _forget_everything(world)
    doomed = mother.start(dies_after_effect=effect, lease_seconds=0)
    run = world.failed_run()
    world.deliver(run)
    eventually(lambda: mother.ended(doomed) or (bool(world.comments) and everything_is_done()))
    survived = not mother.ended(doomed)
    mother.stop(doomed)
    heir = mother.start(lease_seconds=0)
    current_app.send_task("ci_analysis.tasks.sweep")
    eventually(everything_is_done_after_sweeping)
    mother.stop(heir)
    assert_one_of_everything(world, run)
    return survived


def everything_is_done_after_sweeping() -> bool:
    if everything_is_done():
        return True
    current_app.send_task("ci_analysis.tasks.sweep")
    return False


def _forget_everything(world: World) -> None:
    """An empty database, an empty broker and a new pull request."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE orgs_organization, ci_analysis_delivery CASCADE")
    current_app.control.purge()
    number = world.pull_request.number
    world.pull_request = world.github.open_pull_request(
        world.repository, title="Again", branch=f"again-{number}", author="marit"
    )
