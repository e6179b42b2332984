"""GitHub, as FixCI needs it: the only place where githubkit is imported.

`InstallationClient` reads runs, logs and pull requests and writes comments and check runs; `AppClient` sees
to the App itself. What comes back is frozen dataclasses with aware UTC datetimes; what goes wrong is a
GitHubError.
"""

from ci_analysis.github.app import AppClient, convert_manifest
from ci_analysis.github.apps import AppInfo, AppRegistration, HookDelivery, Installation, Repository
from ci_analysis.github.checks import Annotation, CheckOutput, CheckRun, CheckRunDraft
from ci_analysis.github.credentials import Credentials, from_settings
from ci_analysis.github.errors import (
    Forbidden,
    GitHubError,
    Gone,
    InvalidName,
    LogLinkExpired,
    LogsGone,
    LogsNotReady,
    NotFound,
    NotInstalled,
    RateLimited,
    RedirectRefused,
    Suspended,
    TokenRefused,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Validation,
)
from ci_analysis.github.installation import InstallationClient
from ci_analysis.github.logs import Gap, LogDownload
from ci_analysis.github.pulls import IssueComment, PullRequest, Reaction
from ci_analysis.github.runs import Step, WorkflowJob, WorkflowRun
from ci_analysis.github.tokens import purge_token

__all__ = [
    "Annotation",
    "AppClient",
    "AppInfo",
    "AppRegistration",
    "CheckOutput",
    "CheckRun",
    "CheckRunDraft",
    "Credentials",
    "Forbidden",
    "Gap",
    "GitHubError",
    "Gone",
    "HookDelivery",
    "Installation",
    "InstallationClient",
    "InvalidName",
    "IssueComment",
    "LogDownload",
    "LogLinkExpired",
    "LogsGone",
    "LogsNotReady",
    "NotFound",
    "NotInstalled",
    "PullRequest",
    "RateLimited",
    "Reaction",
    "RedirectRefused",
    "Repository",
    "Step",
    "Suspended",
    "TokenRefused",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "Validation",
    "WorkflowJob",
    "WorkflowRun",
    "convert_manifest",
    "from_settings",
    "purge_token",
]
