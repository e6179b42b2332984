"""Where the App is installed: what GitHub says when asked counts, whatever order the events come in."""

from __future__ import annotations

from typing import Any

import pytest

from ci_analysis import github
from ci_analysis.models import Analysis, Delivery, Installation, Problem, Publication, Repository, Run
from ci_analysis.services import analyses
from orgs.models import AuditEvent, Organization
from sandbox.github import JobSpec
from tests.pipeline.world import Desk


def status(desk: Desk) -> str:
    return desk.row(Installation).status


def reached(desk: Desk) -> set[str]:
    return {repository.full_name for repository in desk.rows(Repository) if repository.removed_at is None}


def comes(desk: Desk, action: str) -> None:
    desk.post(desk.github.send_installation(desk.installation, action))
    desk.work()


def test_an_installation_whose_event_was_lost_is_found_at_its_first_run(desk: Desk) -> None:
    second = desk.github.add_repository(f"{desk.repository.owner}/second")
    desk.happens(desk.failed_run())
    installation, organization = desk.row(Installation), desk.row(Organization)
    assert (installation.github_id, installation.status) == (desk.installation.id, "active")
    assert (installation.org_id, organization.name) == (organization.pk, desk.repository.owner)
    assert reached(desk) == {desk.repository.full_name, second.full_name}
    assert len(desk.comments) == 1


def test_its_late_event_changes_nothing(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    comes(desk, "created")
    assert len(desk.rows(Organization)) == len(desk.rows(Installation)) == len(desk.rows(Repository)) == 1
    assert [event.action for event in desk.rows(AuditEvent)].count("organization.created") == 1


@pytest.mark.parametrize("truth", ["active", "suspended", "deleted"])
def test_events_in_any_order_lead_to_what_is_true_now(desk: Desk, truth: str) -> None:
    comes(desk, "created")
    order = ("suspend", "deleted", "unsuspend", "created", "deleted", "suspend")
    events = [desk.github.send_installation(desk.installation, action) for action in order]
    if truth == "suspended":
        desk.github.suspend(desk.installation)
    if truth == "deleted":
        desk.github.uninstall(desk.installation)
    for event in [*events, events[0]]:
        desk.post(event)
        desk.work()
    assert status(desk) == truth
    assert {delivery.status for delivery in desk.rows(Delivery)} == {"done"}


def test_each_change_is_in_the_audit_log_once(desk: Desk) -> None:
    comes(desk, "created")
    desk.github.suspend(desk.installation)
    comes(desk, "suspend")
    comes(desk, "suspend")
    desk.github.unsuspend(desk.installation)
    comes(desk, "unsuspend")
    actions = [event.action for event in desk.rows(AuditEvent)]
    assert actions == ["organization.created", "installation.suspended", "installation.active"]


def test_a_run_of_a_suspended_installation_does_nothing(desk: Desk) -> None:
    comes(desk, "created")
    delivery = desk.github.send_workflow_run(desk.failed_run())
    desk.github.suspend(desk.installation)
    comes(desk, "suspend")
    desk.post(delivery)
    desk.work()
    ended = desk.rows(Delivery)[-1]
    assert (ended.status, ended.error) == ("ignored", f"installation {desk.installation.id} is suspended")
    assert (desk.rows(Run), desk.comments) == ([], [])


def test_a_run_after_an_unsuspension_whose_event_was_lost_is_analysed(desk: Desk) -> None:
    desk.github.suspend(desk.installation)
    comes(desk, "suspend")
    desk.github.unsuspend(desk.installation)
    desk.happens(desk.failed_run())
    assert status(desk) == "active"
    assert len(desk.comments) == 1


@pytest.mark.parametrize(("goes", "becomes"), [("suspend", "suspended"), ("uninstall", "deleted")])
def test_a_suspension_whose_event_was_lost_is_learned_from_githubs_refusal(desk: Desk, goes: str, becomes: str) -> None:
    comes(desk, "created")
    delivery = desk.github.send_workflow_run(desk.failed_run())
    github.purge_token(desk.installation.id, github.from_settings())
    getattr(desk.github, goes)(desk.installation)
    desk.post(delivery)
    desk.work()
    assert desk.rows(Delivery)[-1].status == "ignored"
    assert status(desk) == becomes
    assert desk.rows(Run) == []


@pytest.mark.parametrize(("goes", "becomes"), [("suspend", "suspended"), ("uninstall", "deleted")])
def test_a_suspension_during_the_work_ends_the_analysis(desk: Desk, goes: str, becomes: str) -> None:
    desk.post(desk.github.send_workflow_run(desk.failed_run()))
    (process, (delivery,)) = desk.due()[0]
    process(delivery)
    github.purge_token(desk.installation.id, github.from_settings())
    getattr(desk.github, goes)(desk.installation)
    desk.work()
    analysis = desk.row(Analysis)
    assert (analysis.status, analysis.problem) == ("failed", Problem.INSTALLATION_INACTIVE)
    assert status(desk) == becomes
    assert (desk.comments, desk.rows(Publication)) == ([], [])


def test_an_uninstallation_between_two_logs_ends_the_analysis_and_not_just_the_job(desk: Desk, settings: Any) -> None:
    settings.ANALYSIS_MAX_ATTEMPTS = 1
    run = desk.failed_run([JobSpec("a", log=b"x"), JobSpec("b", log=b"x")])
    desk.post(desk.github.send_workflow_run(run))
    (process, (delivery,)) = desk.due()[0]
    process(delivery)
    path = f"/actions/jobs/{desk.github.jobs(run)[1].id}/logs"
    # The token is refused, and a new one is not given.
    desk.github.fail("GET", path, status=401)
    desk.github.fail("POST", "/access_tokens", status=404, times=100)
    desk.work()
    assert desk.row(Analysis).problem == Problem.INSTALLATION_INACTIVE
    assert status(desk) == "deleted"


def test_work_that_was_waiting_when_the_app_was_suspended_asks_github_for_nothing(desk: Desk) -> None:
    desk.post(desk.github.send_workflow_run(desk.failed_run()))
    (process, (delivery,)) = desk.due()[0]
    process(delivery)
    desk.github.suspend(desk.installation)
    comes_without_work = desk.github.send_installation(desk.installation, "suspend")
    desk.post(comes_without_work)
    process(desk.rows(Delivery)[-1].pk)
    before = len(desk.github.requests())
    analysis = desk.row(Analysis)
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    desk.work()
    assert desk.row(Analysis).problem == Problem.INSTALLATION_INACTIVE
    assert len(desk.github.requests()) == before


def test_repositories_are_added_removed_and_added_again(desk: Desk) -> None:
    other = desk.github.add_repository(f"{desk.repository.owner}/other")
    desk.installation.repository_ids = [desk.repository.id]
    comes(desk, "created")
    assert reached(desk) == {desk.repository.full_name}
    first = desk.repository
    for shown in ([other], [], [first, other]):
        desk.installation.repository_ids = [repository.id for repository in shown]
        added = desk.github.send_installation_repositories(desk.installation, added=[other])
        desk.post(added)
        desk.work()
        assert reached(desk) == {repository.full_name for repository in shown}
    assert len(desk.rows(Repository)) == 2


def test_a_removed_repository_whose_return_was_missed_is_back_with_its_next_run(desk: Desk) -> None:
    desk.installation.repository_ids = []
    comes(desk, "created")
    desk.installation.repository_ids = [desk.repository.id]
    comes(desk, "created")
    desk.installation.repository_ids = []
    desk.post(desk.github.send_installation_repositories(desk.installation, removed=[desk.repository]))
    desk.work()
    assert reached(desk) == set()
    desk.installation.repository_ids = None
    desk.happens(desk.failed_run())
    assert reached(desk) == {desk.repository.full_name}


def test_a_run_of_a_repository_that_we_may_not_see_any_more_leaves_no_trace(desk: Desk) -> None:
    delivery = desk.github.send_workflow_run(desk.failed_run())
    desk.installation.repository_ids = []
    desk.post(delivery)
    desk.work()
    ended = desk.row(Delivery)
    assert (ended.status, ended.error) == ("failed", str(github.NotFound()))
    assert (desk.rows(Repository), desk.rows(Run)) == ([], [])


def test_a_renamed_repository_keeps_its_row_and_its_comment(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    desk.repository.name = "renamed"
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([JobSpec("test", log=b"error: something else\n")]))
    assert desk.row(Repository).full_name == f"{desk.repository.owner}/renamed"
    assert [comment.edits for comment in desk.comments] == [1]


def test_without_an_app_nothing_is_taken_and_githubs_second_try_is(desk: Desk, settings: Any) -> None:
    key, settings.GITHUB_APP_PRIVATE_KEY = settings.GITHUB_APP_PRIVATE_KEY, ""
    delivery = desk.github.send_workflow_run(desk.failed_run())
    desk.post(delivery, status=401)
    assert desk.rows(Delivery) == []
    settings.GITHUB_APP_PRIVATE_KEY = key
    desk.post(delivery)
    desk.work()
    assert len(desk.comments) == 1


def test_an_account_that_comes_back_finds_its_organization(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    comes(desk, "created")
    desk.github.uninstall(desk.installation)
    comes(desk, "deleted")
    desk.installation = desk.github.install(desk.repository.owner)
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run())
    assert len(desk.rows(Organization)) == 1
    assert [installation.status for installation in desk.rows(Installation)] == ["deleted", "active"]
    assert len(desk.rows(Analysis)) == 2


def test_a_run_that_came_during_a_suspension_is_analysed_when_it_is_redelivered(desk: Desk) -> None:
    delivery = desk.github.send_workflow_run(desk.failed_run())
    desk.github.suspend(desk.installation)
    desk.post(delivery)
    desk.work()
    assert desk.row(Delivery).status == "ignored"
    desk.github.unsuspend(desk.installation)
    desk.post(desk.github.redeliver(delivery))
    desk.work()
    assert "test_total" in desk.comment
