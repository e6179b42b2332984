"""One worker at a time on an analysis, and organizations that never meet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from ci_analysis import comment, engine, tasks
from ci_analysis.models import Analysis, Finding, Job, Problem, Publication, PullRequest, Run
from ci_analysis.services import analyses, publications
from metering.models import UsageEvent
from orgs import tenancy
from orgs.models import AuditEvent, Organization
from sandbox.github import JobSpec
from tests.pipeline.test_logs_of_jobs import taken_up
from tests.pipeline.world import LOG, Desk, World


def waiting_analysis(desk: Desk) -> Analysis:
    taken_up(desk, desk.failed_run())
    return desk.row(Analysis)


def held_until(analysis: Analysis, seconds: float) -> None:
    with tenancy.all_organizations():
        Analysis.objects.update(status="running", attempts=1, leased_until=timezone.now() + timedelta(seconds=seconds))


def test_what_another_worker_holds_is_left_alone_until_its_lease_has_run_out(desk: Desk) -> None:
    analysis = waiting_analysis(desk)
    held_until(analysis, 1)
    before = len(desk.github.requests())
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    assert len(desk.github.requests()) == before
    assert desk.row(Analysis).attempts == 1
    held_until(analysis, -1)
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    assert (desk.row(Analysis).status, desk.row(Analysis).attempts) == ("done", 2)


def test_the_sweeper_enqueues_what_a_dead_worker_left_and_not_what_a_living_one_holds(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    analysis = waiting_analysis(desk)
    for seconds, enqueued in ((60, 0), (-1, 1)):
        held_until(analysis, seconds)
        with django_capture_on_commit_callbacks() as sent:
            tasks.sweep()
        assert len(sent) == enqueued


def test_an_analysis_that_kills_its_worker_each_time_ends_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    class Killed(BaseException):
        """Like SIGKILL, leaves no handler a chance."""

    def kill(*args: Any, **kwargs: Any) -> engine.Report:
        raise Killed

    analysis = waiting_analysis(desk)
    monkeypatch.setattr("ci_analysis.services.job_logs.engine.analyze", kill)
    settings.LEASE_SECONDS = -1
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        with pytest.raises(Killed):
            analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    desk.work()
    assert desk.row(Analysis).problem == Problem.INTERNAL
    assert Problem.INTERNAL.label in desk.comment


def test_what_a_dead_worker_had_read_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    taken_up(desk, desk.failed_run([JobSpec("first", log=LOG), JobSpec("second", log=LOG + b"end\n")]))
    analysis, analyze = desk.row(Analysis), engine.analyze

    class Killed(BaseException):
        """Like SIGKILL, leaves no handler a chance."""

    def kill_at_the_second(log: Any, **kwargs: Any) -> engine.Report:
        if len(log) > len(LOG):
            raise Killed
        return analyze(log, **kwargs)

    before = len(desk.github.requests("GET", "/logs"))
    monkeypatch.setattr("ci_analysis.services.job_logs.engine.analyze", kill_at_the_second)
    with pytest.raises(Killed):
        analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    monkeypatch.undo()
    held_until(analysis, -1)
    desk.work()
    assert len(desk.github.requests("GET", "/logs")) - before == 3
    assert len(desk.rows(Finding)) == 2


def test_two_workers_that_get_one_analysis_at_once_do_it_once(world: World) -> None:
    desk = Desk(world.github, world.repository, world.installation, world.pull_request, world.client)
    taken_up(desk, desk.failed_run([JobSpec(f"test {n}", log=LOG) for n in range(3)]))
    analysis = desk.row(Analysis)
    before = len(desk.github.requests("GET", "/logs"))
    desk.github.fail("GET", "/actions/runs/.*/jobs", "hang", seconds=0.3)
    at_once(lambda: analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk))
    assert len(desk.github.requests("GET", "/logs")) - before == 3
    assert (desk.row(Analysis).attempts, len(desk.rows(Job))) == (1, 3)


def test_two_workers_that_get_one_publication_at_once_write_one_comment(world: World) -> None:
    desk = Desk(world.github, world.repository, world.installation, world.pull_request, world.client)
    taken_up(desk, desk.failed_run())
    analysis = desk.row(Analysis)
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    (row,) = [publication for publication in desk.rows(Publication) if publication.pull_request_id]
    # Each answer is on its way long enough for the others to ask the same.
    desk.github.fail("GET", "/issues/.*/comments", "slow", seconds=0.1, times=4)
    at_once(lambda: publications.publish(org_id=row.org_id, publication_id=row.pk))
    (only,) = desk.comments
    assert only.edits == 0


def at_once(work: Any, workers: int = 4) -> None:
    ready = threading.Barrier(workers)

    def run() -> None:
        ready.wait()
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run) for _ in range(workers)]:
            done.result()


def test_what_is_wanted_while_a_comment_is_written_is_written_after_it(desk: Desk, monkeypatch: Any) -> None:
    taken_up(desk, desk.failed_run())
    compose = comment.compose

    def compose_and_want_more(pull_request: PullRequest) -> Any:
        monkeypatch.setattr(comment, "compose", compose)
        publications.want_comment(pull_request)
        return compose(pull_request)

    monkeypatch.setattr(comment, "compose", compose_and_want_more)
    desk.work()
    (row,) = [publication for publication in desk.rows(Publication) if publication.pull_request_id]
    assert (row.wanted, row.published) == (2, 2)


def neighbours(desk: Desk) -> tuple[Desk, Desk]:
    """Two organizations: each with a repository of the same name, a pull request of the same number and branch."""
    account = f"{desk.repository.owner}-b"
    repository = desk.github.add_repository(f"{account}/ledger", private=True)
    pull_request = desk.github.open_pull_request(repository, title="Add totals", branch="totals", author="marit")
    other = Desk(desk.github, repository, desk.github.install(account), pull_request, desk.client)
    assert pull_request.number == desk.pull_request.number
    return desk, other


def test_the_same_pull_request_in_two_organizations_gets_each_its_own_comment(desk: Desk) -> None:
    ours, theirs = neighbours(desk)
    for place, name in ((ours, b"test_ours"), (theirs, b"test_theirs")):
        place.deliver(place.failed_run([JobSpec("test", log=LOG.replace(b"test_total", name))]))
    desk.work()
    assert "test_ours" in ours.comment
    assert "test_theirs" not in ours.comment
    assert "test_theirs" in theirs.comment
    assert "test_ours" not in theirs.comment
    assert len(desk.rows(Organization)) == 2


def test_each_row_belongs_to_the_organization_of_what_it_hangs_on(desk: Desk) -> None:
    for place in neighbours(desk):
        place.deliver(place.failed_run())
    desk.work()
    for organization in desk.rows(Organization):
        with tenancy.organization(organization.pk):
            for model in (Run, Job, Analysis, Finding, PullRequest, Publication):
                rows: list[Any] = list(model._default_manager.all())
                assert rows, model
                assert {row.org_id for row in rows} == {organization.pk}
            (run,) = Run.objects.all()
            assert run.repository.full_name == f"{run.repository.installation.account_login}/ledger"


def test_a_green_run_of_one_organization_folds_no_comment_of_the_other(desk: Desk) -> None:
    ours, theirs = neighbours(desk)
    for place in (ours, theirs):
        place.deliver(place.failed_run())
    desk.work()
    theirs.happens(theirs.failed_run([JobSpec("test", conclusion="success", log=b"")]))
    assert "test_total" in ours.comment
    assert "Nothing has failed so far" in theirs.comment


def test_the_number_of_anothers_analysis_in_ones_own_check_run_has_no_effect(desk: Desk) -> None:
    ours, theirs = neighbours(desk)
    run = ours.failed_run()
    ours.happens(run)
    their_run = theirs.failed_run()
    theirs.happens(their_run)
    external_id = ours.check_runs(run)[0].external_id
    (check,) = theirs.check_runs(their_run)
    check.external_id = external_id
    delivery = desk.github.send_check_rerequested(check)
    desk.post(delivery)
    desk.work()
    assert [analysis.revision for analysis in desk.rows(Analysis)] == [1, 1]


def test_tasks_with_the_wrong_organization_find_nothing(desk: Desk) -> None:
    ours, theirs = neighbours(desk)
    for place in (ours, theirs):
        place.happens(place.failed_run())
    first, second = desk.rows(Analysis)
    with tenancy.all_organizations():
        Analysis.objects.filter(pk=first.pk).update(status="queued")
        Publication.objects.filter(org_id=first.org_id).update(published=0)
    before = len(desk.github.requests())
    analyses.analyze(org_id=second.org_id, analysis_id=first.pk)
    analyses.again(org_id=second.org_id, analysis_id=first.pk, actor="user:1")
    for publication in desk.rows(Publication):
        if publication.org_id == first.org_id:
            publications.publish(org_id=second.org_id, publication_id=publication.pk)
    assert len(desk.github.requests()) == before
    assert desk.rows(Analysis)[0].status == "queued"


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back when another one has finished, and somebody has asked for the analysis again."""
    analysis = waiting_analysis(desk)
    search = engine.analyze

    def overtaken(*args: Any, **kwargs: Any) -> engine.Report:
        monkeypatch.setattr("ci_analysis.services.job_logs.engine.analyze", search)
        with tenancy.all_organizations():
            Analysis.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
        analyses.again(org_id=analysis.org_id, analysis_id=analysis.pk, actor="user:1")
        return search(*args, **kwargs)

    monkeypatch.setattr("ci_analysis.services.job_logs.engine.analyze", overtaken)
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    row = desk.row(Analysis)
    assert (row.status, row.revision) == ("queued", 2)
    assert len([event for event in desk.rows(UsageEvent) if event.meter == "analyses"]) == 1


def test_asking_again_is_written_down_with_who_asked(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    analysis = desk.row(Analysis)
    analyses.again(org_id=analysis.org_id, analysis_id=analysis.pk, actor="user:7")
    event = next(event for event in desk.rows(AuditEvent) if event.action == "analysis.requested_again")
    assert (event.actor, event.target) == ("user:7", f"analysis:{analysis.pk}")
