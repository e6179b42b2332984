from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ci_analysis.models import Analysis, LogOutcome, Problem
from ci_analysis.pages.analysis import confidence_in_words
from orgs import tenancy
from tests import factories
from tests.factories import SHA

HOSTILE = '</code><script>alert(1)</script><img src=x onerror="alert(2)">{{ 7|add:7 }}\u202e\x1b[31m'


class Ids(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]


@pytest.fixture
def shown(alice: User, signed_in: Callable[[User], Client]) -> Callable[[Analysis], str]:
    def page_of(analysis: Analysis) -> str:
        response = signed_in(alice).get(reverse("ci_analysis:analysis", args=["halden", analysis.pk]))
        assert response.status_code == 200
        return response.content.decode()

    return page_of


def change(row: Analysis, **fields: object) -> None:
    with tenancy.all_organizations():
        Analysis.objects.filter(pk=row.pk).update(**fields)


def test_a_cause_is_shown_with_everything_that_helps(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    html = unescape(shown(analysis))
    repository = analysis.run.repository.full_name
    assert "<h1>1 cause for 1 failed job</h1>" in html
    assert "assert 30.005 == 30.01 in test_total_is_rounded_once" in html
    assert f"/{repository}/blob/{SHA}/tests/test_basket.py#L41" in html
    assert f"/{repository}/commit/{SHA}" in html
    assert "Very likely the cause" in html
    assert "Compare what the test expects" in html
    assert "tests/test_basket.py::test_total_is_rounded_once" in html
    assert "#step:4:12" in html, "the exact line in GitHub's own log"


def test_the_message_stands_beside_a_title_that_lacks_it(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    assert "cause-message" not in shown(analysis), "the title says it all"
    factories.FindingFactory.create(analysis=analysis, title="test_total failed", message="expected 3\nbut got 4")
    assert '<p class="cause-message mono">expected 3\nbut got 4</p>' in shown(analysis)


def test_each_line_of_the_excerpt_can_be_linked_to(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    html = shown(analysis)
    assert '<div class="log-line evidence" id="L120"><a class="log-number" href="#L120"' in html
    assert '<div class="log-line" id="L118">' in html
    assert "18 lines left out" in html


def test_ids_are_unique_when_two_causes_name_the_same_lines(
    analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    factories.FindingFactory.create(analysis=analysis, title="another one", confidence="0.500")
    html = shown(analysis)
    ids = Ids(html).ids
    assert len(ids) == len(set(ids))
    assert {"L120", "C2-L120", "cause-1", "cause-2"} <= set(ids)
    assert "Possibly the cause" in html


def test_jobs_that_fail_alike_are_one_cause(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    for number in range(11):
        factories.FindingFactory.create(analysis=analysis, fingerprint="f1:same", job__name=f"leg {number}")
    html = shown(analysis)
    assert html.count('class="card cause"') == 2
    assert "Seen in 11 jobs" in html


def test_hostile_text_is_shown_and_does_nothing(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    excerpt = [{"number": 1, "text": HOSTILE, "evidence": True}]
    job = factories.JobFactory.create(run=analysis.run, name=HOSTILE, failed_step=HOSTILE)
    factories.FindingFactory.create(
        analysis=analysis,
        job=job,
        title=HOSTILE,
        file=HOSTILE,
        suggestion=HOSTILE,
        tool="<b>",
        failed_tests=[HOSTILE],
        excerpt=excerpt,
    )
    html = shown(analysis)
    before = Ids(shown(factories.AnalysisFactory.create(run__repository__installation__org=analysis.org))).tags
    assert Ids(html).tags.count("script") == before.count("script")
    assert "onerror=&quot;alert(2)&quot;" in html
    assert "{{ 7|add:7 }}" in html, "not run as a template"
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "⟨U+202E⟩" in html


@pytest.mark.parametrize("file", ["/home/runner/x.py", "../x.py", "https://evil.example/x", "C:\\x.py", "a b.py"])
def test_a_file_that_is_none_of_the_repository_is_no_link(
    file: str, analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    factories.FindingFactory.create(analysis=analysis, file=file, confidence="0.999")
    html = unescape(shown(analysis))
    assert f'<span class="mono">{file}:41</span>' in html


@pytest.mark.parametrize(
    ("fields", "headline", "live"),
    [
        ({"status": "queued"}, "Waiting to be read", True),
        ({"status": "running", "jobs_failed": 3}, "Reading the logs of 3 failed jobs", True),
        ({"status": "running", "jobs_failed": 0}, "Reading the logs", True),
        ({"status": "failed", "problem": Problem.LOGS_UNAVAILABLE}, "We could not say why this failed", False),
        ({"status": "done"}, "1 cause for 1 failed job", False),
    ],
)
def test_each_state_is_said(
    fields: dict[str, object], headline: str, live: bool, analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    change(analysis, **fields)
    html = shown(analysis)
    assert f"<h1>{headline}</h1>" in html
    assert ("data-live" in html) == live
    assert ("Yes, read the logs again" in html) == (not live), "what is open already can't be asked for"


@pytest.mark.parametrize("problem", Problem)
def test_why_there_is_no_answer_is_told(problem: Problem, analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    change(analysis, status="failed", problem=problem)
    assert problem.label in unescape(shown(analysis))


def test_when_the_next_attempt_comes_is_told(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    at = timezone.now() + timedelta(minutes=5)
    change(analysis, status="queued", next_attempt_at=at)
    assert f"The next attempt is at {at:%H:%M:%S} UTC" in shown(analysis)


@pytest.mark.parametrize("outcome", [outcome for outcome in LogOutcome if outcome != LogOutcome.READ])
def test_a_log_that_was_not_read_in_full_is_named_with_its_reason(
    outcome: LogOutcome, analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    factories.JobFactory.create(run=analysis.run, name="lint on windows", log_outcome=outcome)
    html = unescape(shown(analysis))
    assert "Logs that could not be read in full" in html
    assert "lint on windows" in html
    assert outcome.label in html


def test_nothing_is_said_of_unread_logs_when_all_were_read(
    analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    assert "could not be read" not in shown(analysis)


def test_removed_secrets_are_counted(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    factories.JobFactory.create(run=analysis.run, redactions={"github": 2, "aws": 1})
    html = shown(analysis)
    assert "3 secrets were removed" in html
    assert "github: 2" in html


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "shown"),
        ({"html_url": ""}, "nothing to say there"),
        ({"published": 0}, "on its way"),
        ({"published": 0, "failed": True, "error": "GitHub said 403."}, "GitHub said 403."),
    ],
)
def test_what_became_of_the_comment_is_told(
    fields: dict[str, object], words: str, analysis: Analysis, shown: Callable[[Analysis], str]
) -> None:
    pull_request = factories.PullRequestFactory.create(repository=analysis.run.repository, number=17)
    factories.PublicationFactory.create(analysis=None, pull_request=pull_request, **fields)
    html = shown(analysis)
    assert "Comment on #17" in html
    assert words in html


def test_the_comment_of_another_branch_is_not_its_own(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    other = factories.PullRequestFactory.create(repository=analysis.run.repository, number=18, head_branch="other")
    factories.PublicationFactory.create(analysis=None, pull_request=other)
    assert "#18" not in shown(analysis)


def test_more_causes_than_one_reads_are_named_only(analysis: Analysis, shown: Callable[[Analysis], str]) -> None:
    job = factories.JobFactory.create(run=analysis.run)
    factories.FindingFactory.create_batch(34, analysis=analysis, job=job, confidence="0.400")
    html = shown(analysis)
    assert html.count('class="card cause"') == 30
    assert "Further causes" in html


def test_the_number_of_queries_does_not_grow(
    analysis: Analysis, alice: User, signed_in: Callable[[User], Client]
) -> None:
    client, path = signed_in(alice), reverse("ci_analysis:analysis", args=["halden", analysis.pk])
    with CaptureQueriesContext(connection) as for_one:
        client.get(path)
    for number in range(5):
        factories.FindingFactory.create(analysis=analysis)
        pull_request = factories.PullRequestFactory.create(repository=analysis.run.repository, number=number + 30)
        factories.PublicationFactory.create(analysis=None, pull_request=pull_request)
    with CaptureQueriesContext(connection) as for_six:
        assert "6 causes for" in client.get(path).content.decode()
    assert len(for_six) == len(for_one)


def test_analysing_again_asks_for_it_once_and_comes_back(
    analysis: Analysis, bob: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(bob)
    page = reverse("ci_analysis:analysis", args=["halden", analysis.pk])
    for _ in range(2):
        response = client.post(reverse("ci_analysis:analyze_again", args=["halden", analysis.pk]))
        assert response.headers["Location"] == page
    with tenancy.all_organizations():
        analysis.refresh_from_db()
    assert (analysis.status, analysis.revision) == (Analysis.Status.QUEUED, 2)
    assert "being read again" in client.get(page).content.decode()


def test_analysing_again_needs_the_button(analysis: Analysis, bob: User, signed_in: Callable[[User], Client]) -> None:
    assert signed_in(bob).get(reverse("ci_analysis:analyze_again", args=["halden", analysis.pk])).status_code == 405


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1.0, "Very likely the cause"), (0.7, "Likely the cause"), (0.4, "Possibly the cause"), (0.0, "A guess")],
)
def test_confidence_in_words(confidence: float, words: str) -> None:
    assert confidence_in_words(confidence) == words
