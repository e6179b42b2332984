"""Logs as they come: each ends with an outcome that the reader is told, and no analysis stays open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from ci_analysis.models import Analysis, Finding, Job, LogOutcome, Problem, Publication, Run
from ci_analysis.services import analyses
from metering.models import UsageEvent
from sandbox.github import JobSpec
from tests.pipeline.world import LOG, Desk

BOM = "\ufeff".encode()


def analysis_of(desk: Desk, *jobs: JobSpec) -> Analysis:
    """The ended analysis of a run with these jobs."""
    desk.happens(desk.failed_run(list(jobs)))
    analysis = desk.row(Analysis)
    assert analysis.status in ("done", "failed")
    assert (analysis.leased_until, analysis.next_attempt_at) == (None, None)
    return analysis


def outcome(desk: Desk) -> str:
    return desk.row(Job).log_outcome


def log_requests(desk: Desk) -> int:
    return len(desk.github.requests("GET", "/logs"))


def test_a_log_that_is_not_ready_yet_is_asked_for_again(desk: Desk) -> None:
    before = log_requests(desk)
    analysis = analysis_of(desk, JobSpec("test", log=LOG, log_state="pending", log_pending_calls=3))
    assert (analysis.status, outcome(desk)) == ("done", LogOutcome.READ)
    assert log_requests(desk) - before == 4
    assert "test_total" in desk.comment


def test_a_log_that_is_never_ready_ends_the_analysis_with_the_reason(desk: Desk, settings: Settings) -> None:
    before = log_requests(desk)
    analysis = analysis_of(desk, JobSpec("test", log=LOG, log_state="pending"))
    assert (analysis.problem, outcome(desk)) == (Problem.LOGS_UNAVAILABLE, LogOutcome.MISSING)
    assert log_requests(desk) - before == settings.ANALYSIS_MAX_ATTEMPTS
    assert "could not analyse" in desk.comment
    assert LogOutcome.MISSING.label in desk.comment


def test_a_late_log_does_not_keep_the_others_from_being_read(desk: Desk) -> None:
    late = JobSpec("late", log=LOG, log_state="pending", log_pending_calls=1)
    taken_up(desk, desk.failed_run([late, JobSpec("prompt", log=LOG)]))
    for outcomes in (["", LogOutcome.READ], [LogOutcome.READ, LogOutcome.READ]):
        analysis = desk.row(Analysis)
        analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
        assert [job.log_outcome for job in desk.rows(Job)] == outcomes
    assert desk.row(Analysis).status == "done"


def test_one_job_without_a_log_does_not_spoil_the_answer_of_the_others(desk: Desk) -> None:
    gone = JobSpec("gone", log_state="gone")
    analysis = analysis_of(desk, gone, JobSpec("never", log_state="pending"), JobSpec("test", log=LOG))
    assert (analysis.status, analysis.jobs_failed) == ("done", 3)
    assert "test_total" in desk.comment
    assert f"gone: {LogOutcome.GONE.label}" in desk.comment
    assert f"never: {LogOutcome.MISSING.label}" in desk.comment


def test_a_deleted_log_is_not_asked_for_again(desk: Desk) -> None:
    before = log_requests(desk)
    analysis = analysis_of(desk, JobSpec("test", log=LOG, log_state="gone"))
    assert (analysis.problem, outcome(desk)) == (Problem.LOGS_UNAVAILABLE, LogOutcome.GONE)
    assert log_requests(desk) - before == 1
    assert LogOutcome.GONE.label in desk.comment


def test_a_log_that_we_may_not_read_is_not_asked_for_again(desk: Desk) -> None:
    desk.github.fail("GET", "/actions/jobs/.*/logs", status=403, times=100)
    before = log_requests(desk)
    analysis = analysis_of(desk, JobSpec("test", log=LOG))
    assert (analysis.problem, outcome(desk)) == (Problem.LOGS_UNAVAILABLE, LogOutcome.FORBIDDEN)
    assert log_requests(desk) - before == 1
    assert LogOutcome.FORBIDDEN.label in desk.comment


def test_a_job_that_github_no_longer_has_does_not_end_the_whole_analysis(desk: Desk) -> None:
    run = desk.failed_run([JobSpec("deleted", log=LOG), JobSpec("test", log=LOG)])
    desk.github.fail("GET", f"/actions/jobs/{desk.github.jobs(run)[0].id}", status=404, times=100)
    desk.happens(run)
    assert desk.row(Analysis).status == "done"
    assert [job.log_outcome for job in desk.rows(Job)] == [LogOutcome.MISSING, LogOutcome.READ]


def test_an_account_that_has_not_granted_to_read_actions_is_told_so(desk: Desk) -> None:
    desk.installation.permissions = {"metadata": "read", "checks": "write", "pull_requests": "write"}
    run = desk.failed_run()
    desk.happens(run)
    assert desk.row(Analysis).problem == Problem.FORBIDDEN
    assert "could not analyse" in desk.comment
    assert Problem.FORBIDDEN.label in desk.comment
    (check,) = desk.check_runs(run)
    assert "lacks the permission to read Actions" in check.summary


@pytest.mark.parametrize("status", [403, 429])
def test_the_rate_limit_is_waited_for_as_told_and_counts_as_no_attempt(
    desk: Desk, clock: time_machine.Traveller, status: int
) -> None:
    taken_up(desk, desk.failed_run())
    for wait in (1800, 60):
        desk.github.site.limits.exhaust(seconds=wait, status=status)
        desk.work()
        analysis = desk.row(Analysis)
        assert (analysis.status, analysis.attempts) == ("queued", 0)
        assert analysis.next_attempt_at == timezone.now() + timedelta(seconds=wait)
        asked = len(desk.github.requests())
        clock.shift(wait - 1)
        assert desk.work() == 0
        assert len(desk.github.requests()) == asked, "asked while limited"
        clock.shift(2)
    desk.work()
    assert "test_total" in desk.comment


def test_a_secondary_limit_between_two_logs_reads_the_second_later_and_the_first_once(
    desk: Desk, clock: time_machine.Traveller
) -> None:
    run = desk.failed_run([JobSpec("first", log=LOG), JobSpec("second", log=LOG)])
    path = f"/actions/jobs/{desk.github.jobs(run)[1].id}/logs"
    desk.github.fail("GET", path, status=403, message="You have exceeded a secondary rate limit.")
    before = log_requests(desk)
    desk.happens(run)
    assert [job.log_outcome for job in desk.rows(Job)] == [LogOutcome.READ, ""]
    clock.shift(61)
    desk.work()
    assert [job.log_outcome for job in desk.rows(Job)] == [LogOutcome.READ, LogOutcome.READ]
    assert log_requests(desk) - before == 3


def test_githubs_log_store_breaking_off_is_tried_again(desk: Desk) -> None:
    desk.github.fail("GET", "/job-logs/", "truncate", bytes=500, times=2)
    analysis = analysis_of(desk, JobSpec("test", log=LOG))
    assert (analysis.status, outcome(desk), analysis.attempts) == ("done", LogOutcome.READ, 3)
    assert desk.row(Job).log_bytes == len(LOG)


def test_a_link_that_has_run_out_is_asked_for_again(desk: Desk) -> None:
    desk.github.fail("GET", "/job-logs/", status=403, times=1)
    analysis = analysis_of(desk, JobSpec("test", log=LOG))
    assert (analysis.status, analysis.attempts) == ("done", 2)


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://logs.example/1",
        "file:///etc/passwd",
        "https://user:word@blob.core.windows.net/",
        "https://blob.core.windows.net.evil.example/",
        "//",
    ],
)
def test_a_log_that_leads_to_another_host_is_not_followed(desk: Desk, link: str) -> None:
    desk.github.site.links.override = link
    before = log_requests(desk)
    analysis = analysis_of(desk, JobSpec("test", log=LOG))
    assert (analysis.problem, outcome(desk)) == (Problem.LOGS_UNAVAILABLE, LogOutcome.REFUSED)
    assert log_requests(desk) - before == 1
    assert LogOutcome.REFUSED.label in desk.comment


@pytest.mark.parametrize("log", [b"", b"\n", b"\r\r\r", b"\x00" * 5000, BOM, b"\xff\xfe" + b"\x80" * 100])
def test_a_log_that_says_nothing_explains_nothing(desk: Desk, log: bytes) -> None:
    analysis = analysis_of(desk, JobSpec("test", log=log))
    assert (analysis.problem, outcome(desk)) == (Problem.NO_FAILURE_FOUND, LogOutcome.READ)
    assert "nothing in them explains the failure" in desk.comment


def progress_bars() -> bytes:
    return LOG.replace(b"E       assert", b"".join(b"\r%3d%%" % n for n in range(100)) + b"\r\nE       assert")


@pytest.mark.parametrize(
    "log",
    [
        BOM + LOG.replace(b"\n", b"\n" + BOM),
        LOG.replace(b"\n", b"\r\n"),
        LOG.replace(b"\n", b"\r"),
        progress_bars(),
        LOG.replace(b"assert 3", b"assert \xff\xfe\x00\xed\xa0\x80 3"),
        LOG.replace(b"E   ", b"\x1b[31mE\x1b[0m   ").replace(b"FAILED", b"\x1b]8;;http://evil.example\x07FAILED"),
        LOG.removesuffix(b"\n"),
        LOG.replace(b"2026-11-21T10:00:01.0000000Z ", b"", 1),
        b"x" * 200_000 + b"\n" + LOG,
    ],
    ids=["boms", "crlf", "cr", "progress", "not utf-8", "ansi", "no last line end", "no timestamp", "long line"],
)
def test_a_log_of_any_form_is_read(desk: Desk, log: bytes) -> None:
    analysis = analysis_of(desk, JobSpec("test", log=log))
    assert (analysis.status, outcome(desk)) == ("done", LogOutcome.READ)
    assert "test_total" in desk.comment
    assert not {"\ufeff", "\x00", "\x1b", "\r"} & set(desk.comment)
    assert "evil" not in desk.comment


def test_numbers_in_a_log_that_no_file_has_lines_for_are_no_obstacle(desk: Desk) -> None:
    log = b"".join(
        b"src/a%d.c:%d:%d: error: expected ';' before '}' token\n" % (n, 10**n, 10**n) for n in range(3, 30, 4)
    )
    analysis = analysis_of(desk, JobSpec("test", log=log + b"##[error]Process completed with exit code 2.\n"))
    assert analysis.status == "done"


def large_log(path: Path, lines: int) -> int:
    """Writes a log with its failure at the very end; the number of its lines."""
    with path.open("wb") as file:
        for _ in range(lines // 10_000):
            file.write(b"2026-11-21T10:00:00.0000000Z collected one more of the many items that there are\n" * 10_000)
        file.write(LOG)
    return lines + LOG.count(b"\n")


def test_a_large_log_is_read_to_its_end(desk: Desk, tmp_path: Path) -> None:
    lines = large_log(tmp_path / "log", 100_000)
    analysis = analysis_of(desk, JobSpec("test", log=tmp_path / "log"))
    job = desk.row(Job)
    assert (analysis.status, job.log_outcome, job.log_lines) == ("done", LogOutcome.READ, lines)
    assert job.log_bytes == (tmp_path / "log").stat().st_size
    assert desk.row(Finding).lines[0][0] > 100_000
    assert "test_total" in desk.comment


def test_of_a_log_over_the_cap_both_ends_are_searched_and_lines_keep_their_numbers(
    desk: Desk, tmp_path: Path, settings: Settings
) -> None:
    whole = large_log(tmp_path / "log", 100_000)
    settings.GITHUB_LOG_MAX_BYTES = 100_000
    analysis = analysis_of(desk, JobSpec("test", log=tmp_path / "log"))
    job, finding = desk.row(Job), desk.row(Finding)
    assert (analysis.status, job.log_outcome) == ("done", LogOutcome.TRUNCATED)
    assert job.log_bytes <= 100_000
    # The line "FAILED tests/..." is the third from the end.
    assert [whole - 2, whole - 2] in finding.lines
    assert {line["number"] for line in finding.excerpt if "FAILED" in line["text"]} == {whole - 2}
    assert LogOutcome.TRUNCATED.label in desk.comment


def test_a_job_that_never_got_a_runner_has_no_log(desk: Desk) -> None:
    run = desk.failed_run()
    (job,) = desk.github.jobs(run)
    job.steps, job.runner = [], ""
    before = log_requests(desk)
    desk.happens(run)
    assert (desk.row(Analysis).problem, outcome(desk)) == (Problem.LOGS_UNAVAILABLE, LogOutcome.NO_RUNNER)
    assert log_requests(desk) == before
    assert LogOutcome.NO_RUNNER.label in desk.comment


def test_a_failed_run_without_a_failed_job_says_that_the_workflow_may_be_invalid(desk: Desk) -> None:
    run = desk.failed_run([JobSpec("test", conclusion="success", log=LOG)])
    run.latest.conclusion = "failure"
    desk.happens(run)
    assert desk.row(Analysis).problem == Problem.NO_FAILED_JOB
    assert Problem.NO_FAILED_JOB.label in desk.comment


def test_jobs_that_github_does_not_show_as_ended_yet_are_waited_for(desk: Desk) -> None:
    run = desk.failed_run()
    (job,) = desk.github.jobs(run)
    taken_up(desk, run)
    job.status, job.conclusion = "in_progress", None
    analysis = desk.row(Analysis)
    analyses.analyze(org_id=analysis.org_id, analysis_id=analysis.pk)
    assert desk.row(Analysis).status == "queued"
    job.status, job.conclusion = "completed", "failure"
    desk.work()
    assert "test_total" in desk.comment


def test_jobs_that_never_end_end_the_analysis(desk: Desk, settings: Settings) -> None:
    run = desk.failed_run()
    desk.github.jobs(run)[0].conclusion = None
    desk.happens(run)
    analysis = desk.row(Analysis)
    assert (analysis.problem, analysis.attempts) == (Problem.NO_FAILED_JOB, settings.ANALYSIS_MAX_ATTEMPTS)


def test_a_run_that_is_deleted_before_its_analysis_ends_as_gone(desk: Desk) -> None:
    run = desk.failed_run()
    taken_up(desk, run)
    del desk.github.state.tables.runs[run.id]
    desk.work()
    assert desk.row(Analysis).problem == Problem.RUN_GONE


def test_more_failed_jobs_than_the_cap_are_counted_and_said_not_to_be_read(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_MAX_JOBS_READ = 3
    before = log_requests(desk)
    analysis = analysis_of(desk, *(JobSpec(f"test {n}", log=LOG) for n in range(5)))
    assert (analysis.status, analysis.jobs_failed) == ("done", 5)
    assert log_requests(desk) - before == 3
    outcomes = [job.log_outcome for job in desk.rows(Job)]
    assert outcomes == [LogOutcome.READ] * 3 + [LogOutcome.SKIPPED] * 2
    assert LogOutcome.SKIPPED.label in desk.comment


def test_github_down_for_all_attempts_ends_the_analysis_with_the_reason(desk: Desk, settings: Settings) -> None:
    taken_up(desk, desk.failed_run())
    desk.github.fail("GET", "/actions/runs/.*/jobs", status=503, times=5)
    settings.OUTAGE_SECONDS = -1
    desk.work()
    assert desk.row(Analysis).problem == Problem.GITHUB_UNAVAILABLE
    assert Problem.GITHUB_UNAVAILABLE.label in desk.comment


def test_an_answer_that_makes_no_sense_is_not_asked_for_again(desk: Desk) -> None:
    run = desk.failed_run()
    taken_up(desk, run)
    before = len(desk.github.requests("GET", "/jobs"))
    desk.github.fail("GET", "/actions/runs/.*/jobs", status=200)
    desk.work()
    assert desk.row(Analysis).status == "failed"
    assert len(desk.github.requests("GET", "/jobs")) - before == 1


def test_an_error_of_our_own_is_tried_again_and_then_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def crash(*args: Any, **kwargs: Any) -> Iterator[Any]:
        raise ZeroDivisionError

    monkeypatch.setattr("ci_analysis.services.job_logs.engine.analyze", crash)
    analysis = analysis_of(desk, JobSpec("test", log=LOG))
    assert (analysis.problem, analysis.attempts) == (Problem.INTERNAL, settings.ANALYSIS_MAX_ATTEMPTS)
    assert Problem.INTERNAL.label in desk.comment


def test_names_with_characters_that_the_database_refuses_are_stored_without_them(desk: Desk) -> None:
    job = JobSpec("te\0st", log=LOG, failed_step="ru\0n")
    desk.happens(desk.failed_run([job], workflow="C\0I"))
    stored = desk.row(Job)
    assert (stored.name, stored.failed_step, desk.row(Run).workflow_name) == ("test", "run", "CI")


def test_what_is_read_is_counted_once_and_a_failure_without_answer_is_free(desk: Desk) -> None:
    analysis = analysis_of(desk, JobSpec("a", log=LOG), JobSpec("b", log=LOG))
    counted = {(event.meter, event.quantity) for event in desk.rows(UsageEvent)}
    assert counted == {("analyses", 1), ("log_bytes_read", 2 * len(LOG))}
    assert len(desk.rows(Publication)) == 2
    assert analysis.status == "done"


def taken_up(desk: Desk, run: Any) -> None:
    """The run's delivery is processed, its analysis waits."""
    desk.post(desk.github.send_workflow_run(run))
    ((process, (delivery,)),) = desk.due()
    process(delivery)


def test_a_log_store_that_fails_for_one_job_keeps_no_other_from_being_read(desk: Desk) -> None:
    run = desk.failed_run([JobSpec("bad", log=LOG), JobSpec("good", log=LOG)])
    bad, _ = desk.github.jobs(run)
    desk.github.fail("GET", f"/actions/jobs/{bad.id}/logs", status=500, times=1000)
    desk.happens(run)
    assert {job.name: job.log_outcome for job in desk.rows(Job)} == {"bad": "unreachable", "good": "read"}
    assert "test_total" in desk.comment
    assert "did not answer" in desk.comment


def test_a_log_of_too_many_lines_is_cut(desk: Desk, settings: Settings) -> None:
    settings.GITHUB_LOG_MAX_LINES = 8
    desk.happens(desk.failed_run())
    job = desk.row(Job)
    assert (job.log_outcome, job.log_lines) == (LogOutcome.TRUNCATED, 8)
    assert job.log_bytes == sum(len(line) for line in LOG.splitlines(keepends=True)[:8])
