"""Workflow runs and their jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ci_analysis.github.reading import moment_or_none, number_or_none, text, text_or_none

FAILED_CONCLUSIONS = frozenset({"failure", "timed_out"})


@dataclass(frozen=True)
class WorkflowRun:
    """One attempt of a run. `head_owner` and `head_repository_id` are None when the fork was deleted.

    `pull_request_numbers` holds those of GitHub's list whose base is this repository. For a fork it is
    always empty.
    """

    id: int
    attempt: int
    name: str
    workflow_id: int
    path: str
    event: str
    status: str
    conclusion: str | None
    head_sha: str
    head_branch: str | None
    head_owner: str | None
    head_repository_id: int | None
    repository_id: int
    html_url: str
    created_at: datetime | None
    started_at: datetime | None
    updated_at: datetime | None
    pull_request_numbers: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    number: int
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def failed(self) -> bool:
        return self.conclusion in FAILED_CONCLUSIONS


@dataclass(frozen=True)
class WorkflowJob:
    id: int
    run_id: int
    attempt: int
    name: str
    status: str
    conclusion: str | None
    head_sha: str
    started_at: datetime | None
    completed_at: datetime | None
    html_url: str
    runner_name: str
    labels: tuple[str, ...]
    check_run_id: int | None
    steps: tuple[Step, ...]

    @property
    def failed(self) -> bool:
        return self.conclusion in FAILED_CONCLUSIONS


def parse_run(data: Any) -> WorkflowRun:
    head_repository = data.get("head_repository") or {}
    repository_id = int(data["repository"]["id"])
    return WorkflowRun(
        id=int(data["id"]),
        attempt=int(data.get("run_attempt") or 1),
        name=text(data.get("name")),
        workflow_id=int(data["workflow_id"]),
        path=text(data.get("path")),
        event=text(data.get("event")),
        status=text(data.get("status")),
        conclusion=text_or_none(data.get("conclusion")),
        head_sha=str(data["head_sha"]),
        head_branch=text_or_none(data.get("head_branch")),
        head_owner=text_or_none((head_repository.get("owner") or {}).get("login")),
        head_repository_id=number_or_none(head_repository.get("id")),
        repository_id=repository_id,
        html_url=text(data.get("html_url")),
        created_at=moment_or_none(data.get("created_at")),
        started_at=moment_or_none(data.get("run_started_at")),
        updated_at=moment_or_none(data.get("updated_at")),
        pull_request_numbers=tuple(
            int(pull["number"])
            for pull in data.get("pull_requests") or ()
            if pull["base"]["repo"]["id"] == repository_id
        ),
    )


def parse_job(data: Any) -> WorkflowJob:
    return WorkflowJob(
        id=int(data["id"]),
        run_id=int(data["run_id"]),
        attempt=int(data.get("run_attempt") or 1),
        name=text(data.get("name")),
        status=text(data.get("status")),
        conclusion=text_or_none(data.get("conclusion")),
        head_sha=text(data.get("head_sha")),
        started_at=moment_or_none(data.get("started_at")),
        completed_at=moment_or_none(data.get("completed_at")),
        html_url=text(data.get("html_url")),
        runner_name=text(data.get("runner_name")),
        labels=tuple(map(str, data.get("labels") or ())),
        check_run_id=_last_number(text(data.get("check_run_url"))),
        steps=tuple(_parse_step(step) for step in data.get("steps") or ()),
    )


def _parse_step(data: Any) -> Step:
    return Step(
        number=int(data["number"]),
        name=text(data.get("name")),
        status=text(data.get("status")),
        conclusion=text_or_none(data.get("conclusion")),
        started_at=moment_or_none(data.get("started_at")),
        completed_at=moment_or_none(data.get("completed_at")),
    )


def _last_number(url: str) -> int | None:
    """The id at the end of an API URL: a job names its check run only by `check_run_url`."""
    last = url.rpartition("/")[2]
    return int(last) if last.isdecimal() and last.isascii() else None
