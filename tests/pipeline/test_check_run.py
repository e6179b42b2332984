"""The check run beside the comment: one for each analysis, with annotations where the repository has the line."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings

from ci_analysis import check_output
from ci_analysis.models import Analysis, Delivery, Finding, Job, LogOutcome, Publication
from ci_analysis.services import analyses
from metering.models import UsageEvent
from orgs import tenancy
from sandbox.github import JobSpec
from tests.pipeline.world import LOG, Desk


def check_row(desk: Desk) -> Publication:
    (row,) = [publication for publication in desk.rows(Publication) if publication.analysis_id]
    return row


def test_it_is_neutral_and_leads_to_the_page_of_the_analysis(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    (check,) = desk.check_runs(run)
    analysis = desk.row(Analysis)
    assert (check.status, check.conclusion, check.name) == ("completed", "neutral", "FixCI")
    assert check.external_id == f"{check_output.EXTERNAL_ID}{analysis.pk}-1"
    assert check.details_url.endswith(f"/analyses/{analysis.pk}/")
    assert "test_total" in check.summary


def test_it_says_why_there_is_no_answer(desk: Desk) -> None:
    run = desk.failed_run([JobSpec("test", log=b"", log_state="gone")])
    desk.happens(run)
    (check,) = desk.check_runs(run)
    assert check.title == "Could not analyse this failure"
    assert "None of the failed jobs' logs could be read." in check.summary


def findings(desk: Desk, *places: tuple[str, int | None]) -> Any:
    """One more published check run, of an analysis that found something at each of these places."""
    run = desk.failed_run()
    desk.happens(run)
    analysis, pattern = desk.row(Analysis), desk.rows(Finding)[0]
    with tenancy.all_organizations():
        Finding.objects.all().delete()
        for number, (file, line) in enumerate(places):
            pattern.pk, pattern.position, pattern.fingerprint = None, number, f"f1:{number}"
            pattern.file, pattern.line = file, line
            pattern.save(force_insert=True)
        Publication.objects.filter(analysis=analysis).update(published=0)
    desk.work()
    return desk.check_runs(run)[0]


def test_more_than_fifty_annotations_are_sent_fifty_at_a_time_and_at_most_two_hundred(desk: Desk) -> None:
    places: list[tuple[str, int | None]] = [(f"src/{n}.py", n + 1) for n in range(220)]
    check = findings(desk, *places)
    assert len(check.annotations) == check_output.MAX_ANNOTATIONS
    assert len({annotation.path for annotation in check.annotations}) == check_output.MAX_ANNOTATIONS
    sent = [request for request in desk.github.requests(path="/check-runs") if request.method in ("POST", "PATCH")]
    assert len(sent) >= 4


def test_an_answer_lost_between_two_fifties_repeats_no_annotation(desk: Desk) -> None:
    desk.github.fail("PATCH", "/check-runs/", "drop_after", times=2)
    check = findings(desk, *((f"src/{n}.py", n + 1) for n in range(120)))
    assert len(check.annotations) == 120
    assert len({annotation.path for annotation in check.annotations}) == 120


OUTSIDE = [
    "",
    "/etc/passwd",
    "/home/runner/work/ledger/ledger/src/a.py",
    "../outside.py",
    "src/../../outside.py",
    "..",
    "~/x.py",
    "C:\\work\\a.py",
    "C:/work/a.py",
    "http://evil.example/a.py",
    "a b.py",
    "a\nb.py",
    "a\u2028b.py",
    "x" * 450,
    "<stdin>",
    "node:internal/modules",
]
INSIDE = ["a.py", "src/deep/b-c_d.py", ".github/workflows/ci.yml", "日本/テスト.py", "...py"]


def test_a_file_is_annotated_where_the_repository_has_it_and_no_other_file_is(desk: Desk) -> None:
    places: list[tuple[str, int | None]] = [(file, 3) for file in OUTSIDE + INSIDE]
    annotations = findings(desk, *places, ("without/a/line.py", None)).annotations
    assert [(a.path, a.start_line, a.end_line) for a in annotations] == [(file, 3, 3) for file in INSIDE]


def rerequest(desk: Desk, check: Any, **changes: Any) -> None:
    before = {name: getattr(check, name) for name in changes}
    for name, value in changes.items():
        setattr(check, name, value)
    delivery = desk.github.send_check_rerequested(check)
    for name, value in before.items():
        setattr(check, name, value)
    desk.post(delivery)
    desk.work()


def test_pressing_re_run_analyses_again_with_a_check_run_of_its_own_and_one_comment(desk: Desk) -> None:
    run = desk.failed_run([JobSpec("test", log=LOG, log_state="gone")])
    desk.happens(run)
    assert "could not analyse" in desk.comment
    desk.github.jobs(run)[0].log_state = "ready"
    (check,) = desk.check_runs(run)
    rerequest(desk, check)
    analysis = desk.row(Analysis)
    assert (analysis.status, analysis.revision) == ("done", 2)
    # GitHub shows the newest of a name; annotations of the former one could not be taken back.
    former, again = desk.check_runs(run)
    assert (former.id, former.updates) == (check.id, 0)
    assert "test_total" in again.summary
    assert "test_total" in desk.comment
    assert desk.row(Job).log_outcome == LogOutcome.READ


def test_each_pressing_counts_as_one_more_analysis_and_the_same_event_twice_does_not(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    (check,) = desk.check_runs(run)
    rerequest(desk, check)
    desk.post(desk.github.redeliver(desk.github.deliveries("check_run")[-1]))
    desk.work()
    counted = sorted((event.meter, event.quantity) for event in desk.rows(UsageEvent))
    assert counted == [("analyses", 1)] * 2 + [("log_bytes_read", len(LOG))] * 2


def test_a_second_analysis_that_reads_nothing_is_not_billed_for_what_the_first_one_read(
    desk: Desk, settings: Settings
) -> None:
    run = desk.failed_run()
    desk.happens(run)
    desk.github.fail("GET", "/actions/runs/.*/jobs", status=503, times=5)
    settings.OUTAGE_SECONDS = -1
    rerequest(desk, desk.check_runs(run)[0])
    assert desk.row(Analysis).status == "failed"
    assert len(desk.rows(UsageEvent)) == 2


def test_a_second_analysis_keeps_to_the_cap_on_jobs_and_asks_for_no_log_that_never_was(
    desk: Desk, settings: Settings
) -> None:
    settings.GITHUB_MAX_JOBS_READ = 2
    run = desk.failed_run([JobSpec(f"test {n}", log=LOG) for n in range(4)])
    first = desk.github.jobs(run)[0]
    first.steps, first.runner = [], ""
    desk.happens(run)
    outcomes = [job.log_outcome for job in desk.rows(Job)]
    assert outcomes == [LogOutcome.NO_RUNNER, LogOutcome.READ, LogOutcome.SKIPPED, LogOutcome.SKIPPED]
    asked = len(desk.github.requests("GET", "/logs"))
    rerequest(desk, desk.check_runs(run)[0])
    assert [job.log_outcome for job in desk.rows(Job)] == outcomes
    assert len(desk.github.requests("GET", "/logs")) == asked + 1


def test_a_check_run_with_another_name_for_itself_is_none_of_ours(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    for external_id in ("", "build-7", "fixci-analysis", "FIXCI-ANALYSIS-1"):
        rerequest(desk, desk.check_runs(run)[0], external_id=external_id)
        assert desk.rows(Delivery)[-1].status == "done"
    assert desk.row(Analysis).revision == 1


def test_a_number_that_is_none_fails_with_the_reason_and_is_not_tried_again(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    for number in ("", "x", "-1", "1.0", "9" * 30, "9" * 900, "1\n2"):
        rerequest(desk, desk.check_runs(run)[0], external_id=f"{check_output.EXTERNAL_ID}{number}")
        delivery = desk.rows(Delivery)[-1]
        assert (delivery.status, delivery.attempts) == ("failed", 1)
        assert "has no analysis' number" in delivery.error


def test_the_number_of_no_analysis_has_no_effect(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    for number in ("0", "999999999", "9" * 18):
        rerequest(desk, desk.check_runs(run)[0], external_id=f"{check_output.EXTERNAL_ID}{number}")
        assert desk.rows(Delivery)[-1].status == "done"
    assert desk.row(Analysis).revision == 1


def test_another_apps_check_run_that_bears_our_id_has_no_effect(desk: Desk) -> None:
    run = desk.failed_run()
    desk.happens(run)
    external_id = desk.check_runs(run)[0].external_id
    desk.event(
        "check_run",
        {
            "action": "rerequested",
            "check_run": {"external_id": external_id, "app": {"id": desk.github.app_id + 1}},
            "installation": {"id": desk.installation.id},
        },
    )
    desk.work()
    assert desk.row(Analysis).revision == 1


@pytest.mark.parametrize(("status", "said"), [(403, "permission"), (422, "refused the request")])
def test_a_refusal_is_final_its_reason_is_kept_and_the_comment_does_not_suffer(
    desk: Desk, status: int, said: str
) -> None:
    desk.github.fail("POST", "/check-runs$", status=status, times=100, message="No.")
    desk.happens(desk.failed_run())
    row = check_row(desk)
    assert (row.failed, row.attempts) == (True, 1)
    assert said in row.error
    assert "test_total" in desk.comment


def test_without_the_permission_for_checks_there_is_the_comment(desk: Desk) -> None:
    desk.installation.permissions = {"metadata": "read", "actions": "read", "pull_requests": "write"}
    desk.happens(desk.failed_run())
    assert check_row(desk).failed
    assert "test_total" in desk.comment


def test_an_answer_lost_on_the_way_still_leaves_one_check_run(desk: Desk) -> None:
    desk.github.fail("POST", "/check-runs$", "drop_after")
    run = desk.failed_run()
    desk.happens(run)
    assert len(desk.check_runs(run)) == 1


def test_a_worker_killed_after_a_re_run_was_taken_up_asks_for_it_once(
    desk: Desk, clock: time_machine.Traveller, settings: Settings
) -> None:
    run = desk.failed_run()
    desk.happens(run)
    clock.shift(60)
    desk.post(desk.github.send_check_rerequested(desk.check_runs(run)[0]))
    delivery = desk.rows(Delivery)[-1]
    clock.shift(1)
    analyses.rerequested(delivery)  # committed; the worker dies before the delivery is closed
    desk.work()
    clock.shift(settings.LEASE_SECONDS + 1)
    desk.work()
    assert desk.row(Analysis).revision == 2
    assert len([event for event in desk.rows(UsageEvent) if event.meter == "analyses"]) == 2
