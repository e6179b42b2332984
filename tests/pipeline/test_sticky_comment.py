"""The one comment on a pull request: it says what is true now, and is touched only when that changes."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from ci_analysis import comment
from ci_analysis.models import Analysis, Publication, PullRequest, Run
from ci_analysis.services import publications
from orgs import tenancy
from sandbox.github import JobSpec
from tests.pipeline.world import LOG, Desk

GREEN = JobSpec("test", conclusion="success", log=b"all passed\n")


def failing(name: str) -> JobSpec:
    """A job in which the test of this name fails."""
    return JobSpec("test", log=LOG.replace(b"test_total", name.encode()))


def is_green(body: str) -> bool:
    return "Nothing has failed so far" in body and "<details>" in body


def comment_row(desk: Desk) -> Publication:
    (row,) = [publication for publication in desk.rows(Publication) if publication.pull_request_id]
    return row


def writes(desk: Desk) -> int:
    """Calls that changed something under the pull request."""
    return len([r for r in desk.github.requests(path="/comments") if r.method != "GET"])


def test_the_next_failed_run_edits_the_comment_in_place(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing("test_first")]))
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([failing("test_second")]))
    (only,) = desk.comments
    assert only.edits == 1
    assert "test_second" in only.body
    assert "test_first" not in only.body
    assert desk.pull_request.head_sha[:7] in only.body


def test_what_has_not_changed_is_not_written_again(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    before, asked = writes(desk), len(desk.github.requests())
    with tenancy.all_organizations():
        publications.want_comment(PullRequest.objects.get())
    assert desk.work() == 1
    assert (writes(desk), len(desk.github.requests())) == (before, asked)


def test_a_green_run_of_the_same_workflow_folds_it_and_a_red_one_unfolds_it(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([GREEN]))
    assert is_green(desk.comment)
    assert desk.pull_request.head_sha[:7] in desk.comment
    desk.happens(desk.failed_run([GREEN]))
    desk.happens(desk.failed_run())
    assert "test_total" in desk.comment
    assert not is_green(desk.comment)
    assert [only.edits for only in desk.comments] == [2]


def test_the_second_attempt_being_green_folds_it(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    desk.github.add_attempt(run, [GREEN])
    desk.happens(run)
    assert is_green(desk.comment)


def test_a_green_attempt_that_is_known_before_the_red_one_leaves_no_comment(desk: Desk) -> None:
    run = desk.failed_run()
    red = desk.github.send_workflow_run(run)
    desk.github.add_attempt(run, [GREEN])
    desk.happens(run)
    desk.post(red)
    desk.work()
    assert desk.comments == []
    assert desk.row(Analysis).status == "done"


def test_an_old_red_run_that_comes_after_a_new_green_one_leaves_it_green(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing("test_first")]))
    late = desk.github.send_workflow_run(desk.failed_run([failing("test_second")]))
    desk.happens(desk.failed_run([GREEN]))
    desk.post(late)
    desk.work()
    assert is_green(desk.comment)


def test_a_cancelled_run_says_nothing_and_changes_nothing(desk: Desk) -> None:
    desk.happens(desk.failed_run([JobSpec("test", conclusion="cancelled", log=b"")]))
    assert desk.comments == []
    desk.happens(desk.failed_run())
    before = writes(desk)
    desk.happens(desk.failed_run([JobSpec("test", conclusion="cancelled", log=b"")]))
    assert writes(desk) == before
    assert "test_total" in desk.comment


def test_a_run_that_github_does_not_show_as_ended_yet_is_not_taken_for_green(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing("test_first")]))
    run = desk.failed_run([failing("test_second")])
    delivery = desk.github.send_workflow_run(run)
    run.latest.status, run.latest.conclusion = "in_progress", None
    desk.post(delivery)
    (process, (number,)) = desk.due()[0]
    process(number)
    assert "test_first" in desk.comment
    run.latest.status, run.latest.conclusion = "completed", "failure"
    desk.work()
    assert "test_second" in desk.comment


def test_a_run_that_was_cancelled_after_all_changes_nothing(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    run = desk.failed_run([GREEN])
    delivery = desk.github.send_workflow_run(run)
    run.latest.conclusion = "cancelled"
    desk.post(delivery)
    desk.work()
    assert "test_total" in desk.comment


def test_a_timed_out_run_is_a_failed_one(desk: Desk) -> None:
    desk.happens(desk.failed_run([JobSpec("test", conclusion="timed_out", log=LOG)]))
    assert "test_total" in desk.comment


def test_a_green_run_without_a_comment_writes_none(desk: Desk) -> None:
    desk.happens(desk.failed_run([GREEN]))
    assert (desk.comments, desk.rows(Publication)) == ([], [])


def test_each_workflow_counts_by_its_newest_run(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing("test_unit")], workflow="Unit"))
    desk.happens(desk.failed_run([failing("test_e2e")], workflow="End to end"))
    assert "2 causes for 2 failed jobs" in desk.comment
    desk.happens(desk.failed_run([GREEN], workflow="Unit"))
    assert "test_unit" not in desk.comment
    assert "test_e2e" in desk.comment
    desk.happens(desk.failed_run([GREEN], workflow="End to end"))
    assert is_green(desk.comment)


def test_a_matrix_of_twelve_jobs_with_one_cause_is_one_section(desk: Desk) -> None:
    jobs = [JobSpec(f"test (3.{minor}, {system})", log=LOG) for minor in range(6) for system in ("linux", "mac")]
    desk.happens(desk.failed_run(jobs))
    assert desk.comment.count("#### ") == 1
    assert "1 cause for 12 failed jobs" in desk.comment
    assert "in 12 jobs" in desk.comment
    assert f"and {12 - comment.MAX_NAMED} more" in desk.comment


def test_more_causes_than_are_shown_are_counted(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing(f"test_{letter}") for letter in "abcdefgh"]))
    assert desk.comment.count("#### ") == comment.MAX_CAUSES
    assert "…and 3 more, on the page of the analysis." in desk.comment


def test_an_excerpt_has_at_most_twenty_lines_and_the_evidence_is_among_them(desk: Desk) -> None:
    frames = b"".join(b"E       and then line %d of the difference\n" % n for n in range(300))
    desk.happens(
        desk.failed_run([JobSpec("test", log=LOG.replace(b"tests/test_cart.py:14", frames + b"tests/test_cart.py:14"))])
    )
    for excerpt in desk.comment.split("```text\n")[1:]:
        lines = excerpt.partition("\n```")[0].split("\n")
        assert len(lines) <= comment.MAX_EXCERPT_LINES
        assert any(line.startswith("> ") for line in lines)


def test_the_body_never_exceeds_githubs_limit(desk: Desk) -> None:
    desk.happens(desk.failed_run([JobSpec("`[<@&" * 50, log=LOG.replace(b"assert 3", b"`" * 9000)) for _ in range(12)]))
    pattern = desk.row(Run)
    with tenancy.all_organizations():
        for number in range(300):
            pattern.pk, pattern.github_id, pattern.workflow_id = None, number, number
            pattern.workflow_name = f"{number}" + "`[<@&" * 50
            pattern.save(force_insert=True)
            Analysis.objects.create(org_id=pattern.org_id, run=pattern, status="failed", problem="internal")
    with tenancy.organization(pattern.org_id):
        body = comment.compose(PullRequest.objects.get()).body
    assert len(body) <= comment.MAX_BODY <= 65_536
    assert body.startswith(comment.MARKER)
    assert "#### 1." in body
    assert "and 291 more</sub>" in body


def test_a_body_that_is_too_long_loses_its_last_part_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.happens(desk.failed_run([failing(f"test_{letter}") for letter in "abcde"]))
    whole = desk.comment
    assert "#### 5." in whole
    assert "and more" not in whole
    monkeypatch.setattr(comment, "MAX_BODY", len(whole) - 1)
    desk.happens(desk.failed_run([failing(f"test_{letter}") for letter in "abcde"]))
    assert len(desk.comment) < len(whole)
    assert "#### 4." in desk.comment
    assert "#### 5." not in desk.comment
    assert "…and more, on the page of the analysis." in desk.comment
    assert desk.comment.rstrip().endswith("</sub>")


def test_a_comment_that_a_person_wrote_with_our_marker_is_not_ours(desk: Desk) -> None:
    pasted = desk.github.add_comment(desk.repository, desk.pull_request, f"{comment.MARKER}\nmine", author="marit")
    desk.happens(desk.failed_run())
    authors = [found.author for found in desk.comments]
    assert authors == ["marit", "fixci[bot]"]
    assert (pasted.body, pasted.edits) == (f"{comment.MARKER}\nmine", 0)


def test_a_comment_that_a_person_deleted_is_written_anew_when_there_is_something_new(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    del desk.github.state.tables.comments[desk.comments[0].id]
    desk.happens(desk.failed_run([failing("test_other")]))
    assert "test_other" in desk.comment


def test_a_deleted_comment_is_not_written_anew_just_to_say_that_all_is_green(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    del desk.github.state.tables.comments[desk.comments[0].id]
    desk.happens(desk.failed_run([GREEN]))
    assert desk.comments == []
    row = comment_row(desk)
    assert (row.github_id, row.html_url, row.content_sha256) == (None, "", "")
    desk.happens(desk.failed_run())
    assert "test_total" in desk.comment


def test_of_two_comments_of_ours_the_oldest_stays(desk: Desk) -> None:
    desk.happens(desk.failed_run())
    (first,) = desk.comments
    with tenancy.all_organizations():
        Publication.objects.update(github_id=None, content_sha256="")
    with desk.github.state.lock:
        second = desk.github.add_comment(
            desk.repository, desk.pull_request, f"{comment.MARKER}\n2", author="fixci[bot]"
        )
        second.app_id = desk.github.app_id
    desk.happens(desk.failed_run([failing("test_other")]))
    assert [found.id for found in desk.comments] == [first.id]
    assert "test_other" in desk.comment


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_an_answer_lost_on_the_way_still_leaves_one_comment(desk: Desk, kind: str) -> None:
    desk.github.fail("POST", "/issues/.*/comments", kind)
    desk.happens(desk.failed_run())
    assert "test_total" in desk.comment
    assert comment_row(desk).github_id == desk.comments[0].id
    desk.github.fail("PATCH", "/issues/comments/", kind)
    desk.happens(desk.failed_run([failing("test_other")]))
    assert "test_other" in desk.comment


def test_a_pull_request_from_a_fork_gets_its_comment(desk: Desk) -> None:
    desk.pull_request = desk.github.open_pull_request(desk.repository, branch="patch-1", fork_owner="odalys")
    desk.happens(desk.failed_run())
    assert "test_total" in desk.comment
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([GREEN]))
    assert is_green(desk.comment)


def test_branches_of_one_name_in_two_forks_are_two_pull_requests(desk: Desk) -> None:
    pulls = [
        desk.github.open_pull_request(desk.repository, branch="patch-1", fork_owner=owner)
        for owner in ("odalys", "ines")
    ]
    for pull_request, name in zip(pulls, ("test_first", "test_second"), strict=True):
        desk.happens(desk.failed_run([failing(name)], pull_request=pull_request, workflow=name))
    bodies = [desk.github.comments(pull_request)[0].body for pull_request in pulls]
    assert "test_first" in bodies[0]
    assert "test_second" not in bodies[0]
    assert "test_second" in bodies[1]
    assert "test_first" not in bodies[1]
    assert [publication.wanted for publication in desk.rows(Publication)] == [1] * 4


def test_of_a_deleted_fork_there_is_the_check_run_alone(desk: Desk) -> None:
    desk.pull_request = desk.github.open_pull_request(desk.repository, branch="patch-1", fork_owner="odalys")
    run = desk.failed_run()
    run.head_repository_id = desk.pull_request.head_repository_id = None
    desk.happens(run)
    assert desk.row(Analysis).status == "done"
    assert desk.comments == []
    assert len(desk.check_runs(run)) == 1


def test_a_push_without_a_pull_request_gets_a_check_run_alone(desk: Desk) -> None:
    run = desk.failed_run(pull_request=None)
    desk.happens(run)
    assert len(desk.check_runs(run)) == 1
    assert (desk.comments, desk.rows(PullRequest)) == ([], [])


def test_a_pull_request_that_is_closed_is_left_alone_though_its_branch_goes_on(desk: Desk) -> None:
    desk.happens(desk.failed_run([failing("test_first")]))
    former = desk.pull_request
    former.state = "closed"
    desk.pull_request = desk.github.open_pull_request(desk.repository, branch=former.head_branch)
    desk.happens(desk.failed_run([failing("test_second")]))
    assert "test_second" in desk.comment
    (old,) = desk.github.comments(former)
    assert (old.edits, "test_first" in old.body) == (0, True)
    desk.happens(desk.failed_run([GREEN]))
    assert is_green(desk.comment)
    assert old.edits == 0


@pytest.mark.parametrize(
    ("method", "status", "said"),
    [("POST", 403, "permission"), ("POST", 422, "refused the request"), ("GET", 403, "permission")],
)
def test_a_refusal_of_the_comment_is_final_and_its_reason_is_kept(
    desk: Desk, method: str, status: int, said: str
) -> None:
    desk.github.fail(method, "/issues/.*/comments", status=status, times=100, message="No.")
    run = desk.failed_run()
    desk.happens(run)
    row = comment_row(desk)
    assert (row.failed, row.attempts) == (True, 1)
    assert said in row.error
    assert len(desk.check_runs(run)) == 1, "the check run does not suffer from it"


def test_after_a_refusal_the_next_failed_run_tries_again(desk: Desk) -> None:
    desk.github.fail("POST", "/issues/.*/comments", status=403)
    desk.happens(desk.failed_run())
    desk.happens(desk.failed_run([failing("test_other")]))
    assert "test_other" in desk.comment
    assert (comment_row(desk).failed, comment_row(desk).error) == (False, "")


def test_without_the_permission_to_comment_there_is_the_check_run(desk: Desk) -> None:
    desk.installation.permissions = {"metadata": "read", "actions": "read", "checks": "write", "pull_requests": "read"}
    run = desk.failed_run()
    desk.happens(run)
    assert (comment_row(desk).failed, desk.comments) == (True, [])
    assert len(desk.check_runs(run)) == 1


def test_github_being_down_is_waited_for(desk: Desk) -> None:
    desk.github.fail("POST", "/issues/.*/comments", status=502, times=15)
    desk.happens(desk.failed_run())
    assert "test_total" in desk.comment


def test_github_being_down_for_too_long_is_given_up(desk: Desk, settings: Settings) -> None:
    settings.OUTAGE_SECONDS = -1
    desk.github.fail("POST", "/issues/.*/comments", status=502, times=100)
    desk.happens(desk.failed_run())
    assert comment_row(desk).failed
    assert desk.comments == []


def test_a_rate_limit_on_comments_is_waited_for_and_counts_as_no_attempt(desk: Desk, clock: Any) -> None:
    """GitHub allows 80 new comments a minute."""
    said, headers = "You have exceeded a secondary rate limit.", {"Retry-After": "90"}
    desk.github.fail("POST", "/issues/.*/comments", times=9, status=403, message=said, headers=headers)
    desk.happens(desk.failed_run())
    for _ in range(9):
        row = comment_row(desk)
        assert (row.failed, row.attempts) == (False, 0)
        clock.shift(89)
        assert desk.work() == 0
        clock.shift(2)
        desk.work()
    assert "test_total" in desk.comment


def test_an_error_of_our_own_is_kept_tried_again_and_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def crash(pull_request: PullRequest) -> comment.Comment:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr(comment, "compose", crash)
    desk.happens(desk.failed_run())
    row = comment_row(desk)
    assert (row.failed, row.attempts) == (True, settings.ANALYSIS_MAX_ATTEMPTS)
    # A tenant reads it.
    assert row.error == "FixCI itself failed. We have been told."


def test_a_failure_that_is_no_longer_in_a_deleted_pull_request_ends(desk: Desk) -> None:
    run = desk.failed_run()
    desk.post(desk.github.send_workflow_run(run))
    for _ in range(2):
        ((task, args),) = desk.due()
        task(*args)
    del desk.github.state.tables.pull_requests[desk.pull_request.id]
    desk.work()
    assert comment_row(desk).failed
    assert len(desk.check_runs(run)) == 1


def test_a_run_of_another_branch_does_not_take_over_the_comment(desk: Desk) -> None:
    """GitHub lists a pull request under each of its commits, also when another branch has the commit too."""
    shared = desk.pull_request.head_sha
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([failing("test_feature")]))
    desk.repository.branches["develop"] = shared
    desk.happens(desk.failed_run([failing("test_develop")], pull_request=None, branch="develop", sha=shared))
    assert [pull.head_branch for pull in desk.rows(PullRequest)] == ["totals"]
    assert "test_feature" in desk.comment
    assert "test_develop" not in desk.comment


def test_what_failed_at_an_earlier_commit_is_not_said_of_a_later_one(desk: Desk) -> None:
    """Such as a workflow that was removed meanwhile, or that an earlier pull request from this branch had."""
    desk.happens(desk.failed_run([failing("test_docs")], workflow="Docs"))
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([failing("test_ci")], workflow="CI"))
    assert "test_ci" in desk.comment
    assert "test_docs" not in desk.comment
    desk.github.push(desk.pull_request)
    desk.happens(desk.failed_run([GREEN], workflow="CI"))
    assert is_green(desk.comment)


def test_without_the_permission_to_see_pull_requests_the_logs_are_read_all_the_same(desk: Desk) -> None:
    desk.github.fail("GET", "/pulls", status=403, times=100, message="Resource not accessible by integration")
    run = desk.failed_run()
    desk.happens(run)
    assert desk.comments == []
    (check,) = desk.check_runs(run)
    assert "test_total" in check.summary
