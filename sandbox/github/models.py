"""What the stand-in remembers, as plain records. Times are aware and in UTC; ids are integers as GitHub's."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

Permissions = dict[str, str]


@dataclass
class Account:
    id: int
    login: str
    type: str  # "User", "Organization" or "Bot"


@dataclass
class App:
    id: int
    slug: str
    name: str
    owner: str
    public_key: str
    webhook_secret: str
    permissions: Permissions
    events: list[str]
    created_at: datetime
    hook_id: int
    client_id: str
    webhook_url: str | None = None
    setup_url: str | None = None
    external_url: str = ""
    description: str = ""


@dataclass
class Installation:
    """`repository_ids` None means all repositories of the account, now and later."""

    id: int
    app_id: int
    account: str
    repository_ids: list[int] | None
    permissions: Permissions
    events: list[str]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None


@dataclass
class Token:
    """`repository_ids` None means all that the installation reaches."""

    value: str
    installation_id: int
    permissions: Permissions
    expires_at: datetime
    repository_ids: list[int] | None = None


@dataclass
class ManifestCode:
    """What an App manifest's code is exchanged for, once and within an hour."""

    code: str
    app_id: int
    client_secret: str
    private_key: str
    expires_at: datetime


@dataclass
class Commit:
    sha: str
    message: str
    author: str
    date: datetime
    parent: str | None = None


@dataclass
class Repository:
    id: int
    owner: str
    name: str
    private: bool
    default_branch: str
    created_at: datetime
    description: str = ""
    language: str | None = None
    parent_id: int | None = None  # of a fork
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass
class FileChange:
    filename: str
    additions: int = 1
    deletions: int = 0
    status: str = "modified"
    patch: str = ""


@dataclass
class PullRequest:
    """`head_repository_id` None means that the fork was deleted meanwhile."""

    id: int
    number: int
    repository_id: int
    title: str
    body: str
    author: str
    head_repository_id: int | None
    head_owner: str
    head_branch: str
    head_sha: str
    base_branch: str
    base_sha: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    draft: bool = False
    merged_at: datetime | None = None
    files: list[FileChange] = field(default_factory=list)


@dataclass
class Reaction:
    id: int
    user: str
    content: str
    created_at: datetime


@dataclass
class Comment:
    id: int
    repository_id: int
    issue_number: int
    body: str
    author: str
    app_id: int | None
    created_at: datetime
    updated_at: datetime
    edits: int = 0
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Step:
    """`first_line` is the step's first line in the job's log (from 1), 0 where it has none."""

    number: int
    name: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None
    first_line: int = 0


@dataclass
class Job:
    """`log_state` is one of

    ready    the log can be had
    pending  404, for `log_pending_calls` more calls; for ever if negative
    gone     410
    """

    id: int
    run_id: int
    attempt: int
    name: str
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime
    completed_at: datetime | None
    steps: list[Step] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: ["ubuntu-latest"])
    runner: str = "GitHub Actions 1"
    log: bytes = b""
    log_path: Path | None = None  # streamed from here instead, for logs that should not be held in memory
    log_state: str = "ready"
    log_pending_calls: int = 0


@dataclass
class Attempt:
    number: int
    status: str
    conclusion: str | None
    actor: str
    started_at: datetime
    updated_at: datetime
    job_ids: list[int] = field(default_factory=list)


@dataclass
class Run:
    id: int
    repository_id: int
    workflow_id: int
    workflow_name: str
    workflow_path: str
    run_number: int
    event: str
    head_branch: str
    head_sha: str
    head_repository_id: int | None
    display_title: str
    actor: str
    created_at: datetime
    pull_request_number: int | None = None
    scenario: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def latest(self) -> Attempt:
        return self.attempts[-1]


@dataclass
class Annotation:
    path: str
    start_line: int
    end_line: int
    annotation_level: str
    message: str
    title: str | None = None
    raw_details: str | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass
class CheckRun:
    id: int
    repository_id: int
    app_id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    created_at: datetime
    started_at: datetime
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Annotation] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)
    updates: int = 0


@dataclass
class CommitStatus:
    id: int
    repository_id: int
    sha: str
    state: str
    context: str
    creator: str
    created_at: datetime
    description: str | None = None
    target_url: str | None = None


@dataclass
class Delivery:
    """One sending of a webhook. A redelivery is a new one with the same `guid`. `duration` in seconds."""

    id: int
    guid: str
    app_id: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    body: bytes
    delivered_at: datetime
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    redelivery: bool = False
    answer: str = ""
