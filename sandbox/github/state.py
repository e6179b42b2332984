"""The stand-in's memory: tables of records behind one lock, and the look-ups over them."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .models import (
    Account,
    App,
    CheckRun,
    Comment,
    Commit,
    CommitStatus,
    Delivery,
    Installation,
    Job,
    ManifestCode,
    PullRequest,
    Repository,
    Run,
    Token,
)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Tables:
    """All that is kept from one start to the next. Keys are ids, save where the name of the key is said."""

    accounts: dict[str, Account] = field(default_factory=dict)  # by lower-case login
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)  # by value
    manifest_codes: dict[str, ManifestCode] = field(default_factory=dict)  # by code
    repositories: dict[int, Repository] = field(default_factory=dict)
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: dict[int, CommitStatus] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)  # by kind


FIRST_IDS = {
    # About as long as GitHub's are today, so that a column too narrow for them shows.
    "account": 218_400_100,
    "app": 1_840_200,
    "installation": 91_300_400,
    "repository": 1_104_500_600,
    "pull_request": 2_930_100_200,
    "comment": 3_561_200_300,
    "workflow": 203_400_500,
    "run": 19_581_300_400,
    "job": 56_081_400_500,
    "check_run": 56_181_500_600,
    "status": 40_221_600_700,
    "delivery": 187_300_400_500_600,
}
# These start higher the later it is, so that a stand-in that lost its state gives out none that it gave out before.
GROWING = ("pull_request", "comment", "run", "job", "check_run", "status", "delivery")


def _since_2026() -> int:
    """Ten a second."""
    return int((now() - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds() * 10)


class State:
    """Callers hold `lock` around everything that they read or write."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.lock = threading.RLock()
        self.tables = tables or Tables()

    def new_id(self, kind: str) -> int:
        """Counts up from the last one of the kind."""
        if kind not in self.tables.last_ids:
            self.tables.last_ids[kind] = FIRST_IDS.get(kind, 0) + (_since_2026() if kind in GROWING else 0)
        self.tables.last_ids[kind] += 1
        return self.tables.last_ids[kind]

    def account(self, login: str, type: str = "User") -> Account:
        """The account of this name, created where there is none."""
        key = login.lower()
        if key not in self.tables.accounts:
            self.tables.accounts[key] = Account(self.new_id("account"), login, type)
        return self.tables.accounts[key]

    def app(self, app_id: int) -> App:
        return self.tables.apps[app_id]

    def app_by_slug(self, slug: str) -> App | None:
        return next((app for app in self.tables.apps.values() if app.slug == slug), None)

    def repository(self, owner: str, name: str) -> Repository | None:
        wanted = f"{owner}/{name}".lower()
        return next((r for r in self.tables.repositories.values() if r.full_name.lower() == wanted), None)

    def repository_by_id(self, repository_id: int | None) -> Repository | None:
        return None if repository_id is None else self.tables.repositories.get(repository_id)

    def reached_by(self, installation: Installation) -> list[Repository]:
        account = installation.account.lower()
        chosen = installation.repository_ids
        return [
            repository
            for repository in self.tables.repositories.values()
            if repository.owner.lower() == account and (chosen is None or repository.id in chosen)
        ]

    def installations_on(self, repository: Repository) -> Iterator[Installation]:
        for installation in self.tables.installations.values():
            if any(repository is reached for reached in self.reached_by(installation)):
                yield installation

    def pull_requests_of(self, repository: Repository) -> list[PullRequest]:
        return [p for p in self.tables.pull_requests.values() if p.repository_id == repository.id]

    def pull_request(self, repository: Repository, number: int) -> PullRequest | None:
        return next((p for p in self.pull_requests_of(repository) if p.number == number), None)

    def comments_of(self, repository: Repository, number: int) -> list[Comment]:
        return [
            comment
            for comment in self.tables.comments.values()
            if comment.repository_id == repository.id and comment.issue_number == number
        ]

    def check_runs_of(self, repository: Repository, sha: str) -> list[CheckRun]:
        found = self.tables.check_runs.values()
        return [check for check in found if check.repository_id == repository.id and check.head_sha == sha]

    def statuses_of(self, repository: Repository, sha: str) -> list[CommitStatus]:
        found = self.tables.statuses.values()
        return [status for status in found if status.repository_id == repository.id and status.sha == sha]

    def runs_of(self, repository: Repository) -> list[Run]:
        """Newest first."""
        runs = [run for run in self.tables.runs.values() if run.repository_id == repository.id]
        return sorted(runs, key=lambda run: run.id, reverse=True)

    def jobs_of(self, run: Run, attempt: int | None = None) -> list[Job]:
        """Of one attempt, of all with `attempt=None`."""
        wanted = [a for a in run.attempts if attempt is None or a.number == attempt]
        return [self.tables.jobs[job_id] for a in wanted for job_id in a.job_ids]

    def commits_of(self, pull_request: PullRequest) -> list[Commit]:
        """What the pull request brings, newest first; nothing of a deleted fork."""
        head = self.repository_by_id(pull_request.head_repository_id)
        found: list[Commit] = []
        sha: str | None = pull_request.head_sha
        while head is not None and sha is not None and sha != pull_request.base_sha:
            found.append(head.commits[sha])
            sha = head.commits[sha].parent
        return found

    def knows_commit(self, repository: Repository, sha: str) -> bool:
        """Commits of forks count as soon as a pull request brings them in, as refs/pull/N/head does."""
        return sha in repository.commits or any(
            sha == pull.head_sha or any(sha == commit.sha for commit in self.commits_of(pull))
            for pull in self.pull_requests_of(repository)
        )

    def is_fork(self, pull_request: PullRequest) -> bool:
        return pull_request.head_repository_id != pull_request.repository_id
