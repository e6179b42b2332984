"""A check run exists once, with each annotation once, wherever a call breaks off."""

import json

import pytest

from ci_analysis.github import (
    Annotation,
    CheckOutput,
    CheckRunDraft,
    Credentials,
    InstallationClient,
    InvalidName,
    TooLarge,
    Unavailable,
)
from sandbox.github import StandInGitHub
from sandbox.github.models import CheckRun, PullRequest
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted


@pytest.fixture
def pull(github: StandInGitHub, place: Place) -> PullRequest:
    return github.open_pull_request(place.repository)


def draft(pull: PullRequest, annotations: int = 0, *, external_id: str = "analysis-1") -> CheckRunDraft:
    return CheckRunDraft(
        name="FixCI",
        head_sha=pull.head_sha,
        external_id=external_id,
        output=CheckOutput("2 failures", "Why it failed", "More"),
        conclusion="neutral",
        details_url="https://fixci.test/analyses/1",
        annotations=tuple(Annotation("a.py", n, n, f"failure {n}") for n in range(1, annotations + 1)),
    )


def ours(github: StandInGitHub, place: Place, pull: PullRequest) -> list[CheckRun]:
    return [run for run in github.check_runs(place.repository, pull.head_sha) if run.name == "FixCI"]


@pytest.mark.parametrize(("annotations", "calls"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_annotations_are_sent_fifty_a_call(
    github: StandInGitHub,
    place: Place,
    client: InstallationClient,
    pull: PullRequest,
    annotations: int,
    calls: int,
) -> None:
    published = client.publish_check_run(place.name, draft(pull, annotations))
    (run,) = ours(github, place, pull)
    assert [annotation.start_line for annotation in run.annotations] == list(range(1, annotations + 1))
    writes = [request for request in github.requests(path="/check-runs") if request.method != "GET"]
    assert len(writes) == calls
    assert (published.id, published.annotations_count) == (run.id, annotations)
    assert (run.title, run.summary, run.conclusion, run.external_id) == (
        "2 failures",
        "Why it failed",
        "neutral",
        "analysis-1",
    )


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "status"])
@pytest.mark.parametrize("broken_call", [1, 2, 3])
def test_interrupted_check_run_is_completed_by_the_next_call(
    github: StandInGitHub,
    place: Place,
    client: InstallationClient,
    pull: PullRequest,
    broken_call: int,
    kind: str,
) -> None:
    if broken_call > 1:
        client.create_check_run(place.name, draft(pull, 120))
        run = ours(github, place, pull)[0]
        if broken_call == 3:
            client.update_check_run(place.name, run.id, draft(pull), draft(pull, 120).annotations[50:100])
    github.fail("POST|PATCH", "/check-runs", kind)
    with pytest.raises(Unavailable):
        client.publish_check_run(place.name, draft(pull, 120))
    client.publish_check_run(place.name, draft(pull, 120))
    (run,) = ours(github, place, pull)
    assert [annotation.start_line for annotation in run.annotations] == list(range(1, 121))


def test_published_again_nothing_is_added(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    first = client.publish_check_run(place.name, draft(pull, 60))
    again = client.publish_check_run(place.name, draft(pull, 60))
    assert first == again
    assert len(ours(github, place, pull)) == 1


def test_check_run_is_found_by_our_id_only(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    created = client.create_check_run(place.name, draft(pull))
    client.create_check_run(place.name, draft(pull, external_id="analysis-2"))
    sha = pull.head_sha
    assert client.find_check_run(place.name, sha=sha, name="FixCI", external_id="analysis-1") == created
    assert client.find_check_run(place.name, sha=sha, name="FixCI", external_id="analysis-3") is None
    assert client.find_check_run(place.name, sha=sha, name="Other", external_id="analysis-1") is None


def test_of_two_with_the_same_id_the_older_is_found(
    place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    older, _ = (client.create_check_run(place.name, draft(pull)) for _ in range(2))
    found = client.find_check_run(place.name, sha=pull.head_sha, name="FixCI", external_id="analysis-1")
    assert found == older


def test_check_run_of_another_app_is_not_asked_for(
    github: StandInGitHub,
    place: Place,
    client: InstallationClient,
    pull: PullRequest,
    credentials: Credentials,
) -> None:
    client.find_check_run(place.name, sha=pull.head_sha, name="FixCI", external_id="x")
    (asked,) = github.requests("GET", "/check-runs")
    assert f"app_id={credentials.app_id}" in asked.query
    assert "filter=all" in asked.query


def test_more_than_fifty_annotations_in_one_call_are_not_sent(
    place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    with pytest.raises(TooLarge):
        client.update_check_run(place.name, 1, draft(pull), draft(pull, 51).annotations)


def test_check_run_in_progress_has_no_conclusion(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    begun = CheckRunDraft("FixCI", pull.head_sha, "analysis-1", CheckOutput("Reading", "…"), status="in_progress")
    assert client.publish_check_run(place.name, begun).conclusion is None
    assert client.publish_check_run(place.name, draft(pull)).conclusion == "neutral"
    assert len(ours(github, place, pull)) == 1


def test_commit_that_cannot_be_one(place: Place, client: InstallationClient, pull: PullRequest) -> None:
    with pytest.raises(InvalidName):
        client.find_check_run(place.name, sha="HEAD", name="FixCI", external_id="x")


def test_long_texts_are_cut_to_githubs_limits(
    github: StandInGitHub, place: Place, client: InstallationClient, pull: PullRequest
) -> None:
    long = "ü" * 70_000
    client.publish_check_run(
        place.name,
        CheckRunDraft(
            "FixCI",
            pull.head_sha,
            "analysis-1",
            CheckOutput(long, long, long),
            conclusion="failure",
            annotations=(Annotation("a.py", 1, 1, long, title=long),),
        ),
    )
    (run,) = ours(github, place, pull)
    assert run.title is not None
    assert run.summary is not None
    assert (len(run.title), len(run.summary), run.summary[-2:]) == (255, 65_535, "ü…")
    (annotation,) = run.annotations
    assert len(annotation.message.encode()) == 64_000
    assert len(annotation.title or "") == 255


def test_columns_are_sent_for_one_line_only() -> None:
    one = Annotation("a.py", 3, 3, "x", level="warning", start_column=5).as_json()
    several = Annotation("a.py", 3, 4, "x", start_column=5, end_column=7).as_json()
    assert (one["start_column"], one["end_column"], one["annotation_level"]) == (5, 5, "warning")
    assert "start_column" not in several
    assert "title" not in several


def test_check_run_without_output(scripted: Scripted, scripted_client: InstallationClient, pull: PullRequest) -> None:
    scripted.replies["POST /repos/a/b/check-runs"] = Reply(
        json.dumps({"id": 4, "name": "FixCI", "output": None}).encode(), 201
    )
    assert scripted_client.create_check_run("a/b", draft(pull)).annotations_count == 0
