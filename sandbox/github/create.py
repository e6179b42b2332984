"""Making things on the stand-in: what people, and Actions, would have done on GitHub."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .models import (
    Attempt,
    Comment,
    Commit,
    FileChange,
    Installation,
    Job,
    Permissions,
    PullRequest,
    Reaction,
    Repository,
    Run,
    Step,
)
from .state import State, now

DEFAULT_PERMISSIONS: Permissions = {
    "metadata": "read",
    "actions": "write",
    "checks": "write",
    "contents": "read",
    "pull_requests": "write",
    "statuses": "write",
}
DEFAULT_EVENTS = ["check_run", "pull_request", "workflow_run"]


@dataclass(frozen=True)
class JobSpec:
    """A job as a test or a scenario asks for it.

    `steps` are (name, conclusion, first line in the log or 0). Without steps there is one called
    `failed_step` (or "Run tests") between the runner's own two. `log` a path: streamed from there.
    """

    name: str = "test"
    conclusion: str = "failure"
    log: bytes | Path = b""
    steps: Sequence[tuple[str, str, int]] = ()
    failed_step: str = "Run tests"
    log_state: str = "ready"
    log_pending_calls: int = -1
    labels: Sequence[str] = ("ubuntu-latest",)
    seconds: int = 42


def new_sha(state: State, text: str) -> str:
    return hashlib.sha1(f"{text}:{state.new_id('sha')}".encode(), usedforsecurity=False).hexdigest()


def add_commit(state: State, repository: Repository, *, branch: str, message: str, author: str) -> Commit:
    parent = repository.branches.get(branch) or repository.branches.get(repository.default_branch)
    commit = Commit(new_sha(state, f"{repository.full_name} {message}"), message, author, now(), parent)
    repository.commits[commit.sha] = commit
    repository.branches[branch] = commit.sha
    return commit


def add_repository(
    state: State,
    full_name: str,
    *,
    private: bool = False,
    organization: bool = True,
    default_branch: str = "main",
    description: str = "",
    language: str | None = None,
    parent: Repository | None = None,
) -> Repository:
    owner, name = full_name.split("/")
    state.account(owner, "Organization" if organization else "User")
    repository = Repository(
        state.new_id("repository"),
        owner,
        name,
        private,
        default_branch,
        now(),
        description,
        language,
        parent.id if parent else None,
    )
    if parent:
        repository.commits.update(parent.commits)
        repository.branches.update(parent.branches)
    else:
        add_commit(state, repository, branch=default_branch, message="Start", author=owner)
    state.tables.repositories[repository.id] = repository
    return repository


def fork_of(state: State, repository: Repository, owner: str) -> Repository:
    """The fork of that owner, made where there is none."""
    found = state.repository(owner, repository.name)
    return found or add_repository(
        state,
        f"{owner}/{repository.name}",
        organization=False,
        default_branch=repository.default_branch,
        language=repository.language,
        parent=repository,
    )


def open_pull_request(
    state: State,
    repository: Repository,
    *,
    title: str,
    branch: str,
    author: str,
    body: str = "",
    fork_owner: str | None = None,
    files: Sequence[FileChange] = (),
) -> PullRequest:
    """With `fork_owner`, the branch lies in that account's fork; it is made where there is none."""
    head = fork_of(state, repository, fork_owner) if fork_owner else repository
    commit = add_commit(state, head, branch=branch, message=title, author=author)
    state.account(author)
    pull_request = PullRequest(
        state.new_id("pull_request"),
        state.new_id(f"number of {repository.id}"),
        repository.id,
        title,
        body,
        author,
        head.id,
        head.owner,
        branch,
        commit.sha,
        repository.default_branch,
        repository.branches[repository.default_branch],
        now(),
        now(),
        files=list(files),
    )
    state.tables.pull_requests[pull_request.id] = pull_request
    return pull_request


def push(state: State, pull_request: PullRequest, message: str = "Another try") -> Commit:
    """A new commit on the pull request's branch."""
    head = state.repository_by_id(pull_request.head_repository_id)
    if head is None:
        raise ValueError("the fork of this pull request is deleted")
    author = pull_request.author
    commit = add_commit(state, head, branch=pull_request.head_branch, message=message, author=author)
    pull_request.head_sha, pull_request.updated_at = commit.sha, now()
    return commit


def add_comment(
    state: State, repository: Repository, number: int, body: str, *, author: str, app_id: int | None = None
) -> Comment:
    state.account(author, "Bot" if app_id else "User")
    moment = now()
    comment = Comment(state.new_id("comment"), repository.id, number, body, author, app_id, moment, moment)
    state.tables.comments[comment.id] = comment
    return comment


def add_reaction(state: State, comment: Comment, *, user: str, content: str) -> Reaction:
    reaction = Reaction(state.new_id("reaction"), state.account(user).login, content, now())
    comment.reactions.append(reaction)
    return reaction


def add_installation(
    state: State,
    app_id: int,
    account: str,
    *,
    repositories: Sequence[Repository] | None = None,
    permissions: Permissions | None = None,
) -> Installation:
    """`repositories` None: all of the account. `permissions` None: all that the App asks for."""
    app, moment = state.app(app_id), now()
    installation = Installation(
        state.new_id("installation"),
        app_id,
        state.account(account, "Organization").login,
        None if repositories is None else [repository.id for repository in repositories],
        dict(app.permissions if permissions is None else permissions),
        list(app.events),
        moment,
        moment,
    )
    state.tables.installations[installation.id] = installation
    return installation


def add_run(
    state: State,
    repository: Repository,
    jobs: Sequence[JobSpec],
    *,
    pull_request: PullRequest | None = None,
    branch: str | None = None,
    sha: str | None = None,
    workflow: str = "CI",
    actor: str | None = None,
    scenario: str = "",
    started_at: datetime | None = None,
) -> Run:
    """A finished run: of the pull request, else a push to `branch` (the default branch if not given)."""
    branch = pull_request.head_branch if pull_request else branch or repository.default_branch
    head = repository if pull_request is None else state.repository_by_id(pull_request.head_repository_id)
    actor = actor or (pull_request.author if pull_request else repository.owner)
    run = Run(
        state.new_id("run"),
        repository.id,
        _workflow_id(state, repository, workflow),
        workflow,
        f".github/workflows/{workflow.lower().replace(' ', '-')}.yml",
        state.new_id(f"run number of {repository.id} {workflow}"),
        "pull_request" if pull_request else "push",
        branch,
        sha or (pull_request.head_sha if pull_request else repository.branches[branch]),
        head.id if head else None,
        pull_request.title if pull_request else f"Push to {branch}",
        state.account(actor).login,
        now(),
        pull_request.number if pull_request else None,
        scenario,
    )
    state.tables.runs[run.id] = run
    add_attempt(state, run, jobs, actor=actor, started_at=started_at)
    return run


def _workflow_id(state: State, repository: Repository, workflow: str) -> int:
    same = (run.workflow_id for run in state.runs_of(repository) if run.workflow_name == workflow)
    return next(same, 0) or state.new_id("workflow")


def add_attempt(
    state: State, run: Run, jobs: Sequence[JobSpec], *, actor: str, started_at: datetime | None = None
) -> Attempt:
    """A finished attempt; it is the run's latest from now on."""
    longest = max((spec.seconds for spec in jobs), default=0)
    started = started_at or now() - timedelta(seconds=longest)
    attempt = Attempt(
        len(run.attempts) + 1,
        "completed",
        conclusion_of([spec.conclusion for spec in jobs]),
        actor,
        started,
        started + timedelta(seconds=longest),
    )
    run.attempts.append(attempt)
    attempt.job_ids = [_add_job(state, run, attempt, spec, started).id for spec in jobs]
    return attempt


def conclusion_of(conclusions: Sequence[str]) -> str:
    for worst in ("failure", "timed_out", "cancelled", "action_required"):
        if worst in conclusions:
            return worst
    return "success"


def _add_job(state: State, run: Run, attempt: Attempt, spec: JobSpec, started: datetime) -> Job:
    ended = started + timedelta(seconds=spec.seconds)
    job_id = state.new_id("job")
    job = Job(
        job_id,
        run.id,
        attempt.number,
        spec.name,
        "completed",
        spec.conclusion,
        started,
        started,
        ended,
        _steps(spec, started, ended),
        list(spec.labels),
        f"GitHub Actions {job_id % 1000}",
        log=spec.log if isinstance(spec.log, bytes) else b"",
        log_path=spec.log if isinstance(spec.log, Path) else None,
        log_state=spec.log_state,
        log_pending_calls=spec.log_pending_calls,
    )
    state.tables.jobs[job.id] = job
    return job


def _steps(spec: JobSpec, started: datetime, ended: datetime) -> list[Step]:
    named = spec.steps or (
        ("Set up job", "success", 1),
        (spec.failed_step, spec.conclusion, 0),
        ("Complete job", "success", 0),
    )
    return [
        Step(number, name, conclusion, started, ended, first_line)
        for number, (name, conclusion, first_line) in enumerate(named, 1)
    ]
