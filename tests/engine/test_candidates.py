"""Which statement of failure counts."""

from __future__ import annotations

import pytest

from ci_analysis.engine import Report, analyze
from tests.engine.logs import job, stamped, step


def marked(log: bytes, report: Report) -> str:
    lines = log.decode().splitlines()
    return "\n".join(lines[n - 1] for first, last in report.evidence for n in range(first, last + 1))


def test_a_diagnostic_beats_words() -> None:
    log = job(step("build", "could not find cache, error ignored", "x.zz:4:2: error: unbalanced brace", exit_code=1))
    assert analyze(log).findings[0].file == "x.zz"


def test_words_in_the_form_of_a_diagnostic_beat_words_in_passing() -> None:
    log = job(step("deploy", "checking for missing parts", "ERROR: quota is used up", exit_code=1))
    assert analyze(log).findings[0].message == "ERROR: quota is used up"


def test_without_words_the_last_lines_count() -> None:
    log = job(step("./verify", "looking", "schema 4 is older than schema 7", exit_code=1))
    assert "older than" in analyze(log).findings[0].message


@pytest.mark.parametrize(
    "log",
    [
        "[Pipeline] sh\n+ ./frob\nwidget 7 has no handle\n[Pipeline] }\n"
        "ERROR: script returned exit code 3\nFinished: FAILURE\n",
        "+ ./frob\nwidget 7 has no handle\nBuild step 'Execute shell' marked build as failure\nFinished: FAILURE\n",
        "$ ./frob\nwidget 7 has no handle\nsection_end:1:step\nERROR: Job failed: exit code 1\n",
        "#!/bin/bash -eo pipefail\nmake\nwidget 7 has no handle\n\nExited with code exit status 4\n",
    ],
    ids=["jenkins-pipeline", "jenkins", "gitlab", "circleci"],
)
def test_of_other_services_too(log: str) -> None:
    assert analyze(log.encode()).findings[0].message == "widget 7 has no handle"


def test_a_diff_at_the_end_is_named_as_one() -> None:
    log = job(step("git diff --exit-code", "--- a/api.json", "+++ b/api.json", "@@ -1 +1 @@", "-1", "+2", exit_code=1))
    report = analyze(log)
    assert (report.category, report.findings[0].title) == ("lint", "Files differ from what was expected")


def test_a_line_that_only_says_that_it_failed_is_no_evidence() -> None:
    log = job(step("go test", "thing_test.go:4: error: want 3", "FAIL", "BUILD FAILED in 3s", exit_code=1))
    text = marked(log, analyze(log))
    assert "want 3" in text
    assert "BUILD FAILED" not in text


def test_in_a_log_without_steps_what_failed_early_was_survived() -> None:
    log = b"ERROR: no cache\n" + b"compiling\n" * 500 + b"ERROR: disk quota\n" + b"x\n" * 200 + b"ERROR: no upload\n"
    text = marked(log, analyze(log))
    assert "no upload" in text
    assert "disk quota" in text
    assert "no cache" not in text


@pytest.mark.parametrize("closing", ["test result: ok. 3 passed; 0 failed", "BUILD SUCCESS", "12 passed in 0.3s"])
def test_a_plain_log_that_closes_with_success_is_green(closing: str) -> None:
    assert not analyze(f"ERROR: provoked by a test\n{closing}\n".encode()).findings


def test_a_part_of_a_runners_log_is_read_with_lower_demands() -> None:
    assert analyze(stamped(["model a    pass", "model b    4 missing parts", "model c    pass"])).findings


def test_a_stack_trace_goes_with_its_exception() -> None:
    frames = [f"\tat com.acme.Shop.step{n}(Shop.java:{n})" for n in range(1, 20)]
    log = job(step("java -jar shop.jar", "java.lang.IllegalStateException: no shelf", *frames, "bye", exit_code=1))
    text = marked(log, analyze(log))
    assert "step19" in text
    assert "bye" not in text


def test_a_symptom_leads_to_the_lines_above_it() -> None:
    log = job(step("make check", "value 5 is above 3", "make: *** [Makefile:3: check] Error 1", exit_code=2))
    assert "above 3" in marked(log, analyze(log))


def test_a_hostile_line_costs_little() -> None:
    line = "error: " + "a/b:1:" * 5000
    assert analyze(job(step("make", *[line] * 100, exit_code=1))).lines > 100
