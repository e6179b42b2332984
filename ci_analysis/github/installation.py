"""What FixCI reads and writes in the repositories of one installation."""

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self

from ci_analysis.github.apps import Repository, parse_repository
from ci_analysis.github.checks import (
    ANNOTATIONS_PER_CALL,
    Annotation,
    CheckRun,
    CheckRunDraft,
    parse_check_run,
)
from ci_analysis.github.connection import Connection, Params
from ci_analysis.github.credentials import Credentials
from ci_analysis.github.errors import Gone, LogsGone, LogsNotReady, NotFound, TooLarge, UnexpectedAnswer, Validation
from ci_analysis.github.logs import LogDownload, follow
from ci_analysis.github.names import checked_sha, head_label, repository_path
from ci_analysis.github.pulls import (
    IssueComment,
    PullRequest,
    Reaction,
    parse_comment,
    parse_pull_request,
    parse_reaction,
)
from ci_analysis.github.reading import read, read_all
from ci_analysis.github.runs import WorkflowJob, WorkflowRun, parse_job, parse_run
from ci_analysis.github.tokens import InstallationStrategy

# GitHub answers 422 to a longer one.
COMMENT_CHARACTERS = 65_536
# GitHub lists at most this many pull requests with a run; asking for each costs a request.
MAX_NAMED_PULL_REQUESTS = 10


class InstallationClient:
    """Calls as one installation; `repository` is "owner/name" everywhere. `with` keeps a connection open.

    Nothing here waits or retries: each method raises a GitHubError that says whether and when to try again.
    """

    def __init__(self, installation_id: int, credentials: Credentials) -> None:
        self._credentials = credentials
        self._connection = Connection(
            self._credentials.api_url, InstallationStrategy(self._credentials, installation_id)
        )

    def __enter__(self) -> Self:
        self._connection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    def repositories(self) -> tuple[Repository, ...]:
        """Those that the installation may see."""
        found = self._connection.pages("/installation/repositories", key="repositories")
        return read_all(parse_repository, found)

    # Runs and logs

    def run_attempt(self, repository: str, run_id: int, attempt: int) -> WorkflowRun:
        path = f"{repository_path(repository)}/actions/runs/{run_id}/attempts/{attempt}"
        return read(parse_run, self._connection.get(path))

    def jobs(self, repository: str, run_id: int, attempt: int) -> tuple[WorkflowJob, ...]:
        path = f"{repository_path(repository)}/actions/runs/{run_id}/attempts/{attempt}/jobs"
        return read_all(parse_job, self._connection.pages(path, key="jobs"))

    def download_job_log(
        self, repository: str, job_id: int, into: BinaryIO, *, max_bytes: int, max_seconds: float
    ) -> LogDownload:
        """Write a job's log into a file, from where it stands. `LogDownload` tells what the caps left out.

        After an exception the file's content is undefined. Raises LogsNotReady while GitHub has the job but
        no log, LogsGone when it has no more, NotFound for an unknown job, and what `logs.follow` raises.
        """
        job = f"{repository_path(repository)}/actions/jobs/{job_id}"
        try:
            answer = self._connection.request("GET", f"{job}/logs")
        except Gone as error:
            raise LogsGone(status=error.status, request_id=error.request_id) from error
        except NotFound as error:
            # A job that is unknown raises here.
            self._connection.get(job)
            raise LogsNotReady(status=error.status, request_id=error.request_id) from error
        if answer.status != 302 or not answer.location:
            raise UnexpectedAnswer("GitHub gave no link to the log.", status=answer.status)
        link = answer.resolved(answer.location)
        return follow(link, self._credentials, into, max_bytes=max_bytes, max_seconds=max_seconds)

    # Pull requests

    def pull_request(self, repository: str, number: int) -> PullRequest:
        return read(parse_pull_request, self._connection.get(f"{repository_path(repository)}/pulls/{number}"))

    def find_pull_requests_of(self, repository: str, run: WorkflowRun) -> tuple[PullRequest, ...]:
        return self.find_pull_requests(
            repository,
            repository_id=run.repository_id,
            head_sha=run.head_sha,
            head_owner=run.head_owner,
            head_branch=run.head_branch,
            numbers=run.pull_request_numbers,
        )

    def find_pull_requests(
        self,
        repository: str,
        *,
        repository_id: int,
        head_sha: str,
        head_owner: str | None,
        head_branch: str | None,
        numbers: Iterable[int] = (),
    ) -> tuple[PullRequest, ...]:
        """The open pull requests into this repository that a run belongs to.

        Of three ways the first that finds any decides. GitHub names them with the run (`numbers`), but not
        for a fork. A fork's is found by the head's owner and branch; the list under the commit, the last
        way, knows no commits of forks, but does know a pull request whose head moved on since: compare its
        `head_sha`.
        """
        path = repository_path(repository)
        pulls = self._named(path, numbers)
        if not pulls and head_owner and head_branch:
            params = {"state": "open", "head": head_label(head_owner, head_branch)}
            by_head = self._pull_requests(f"{path}/pulls", params)
            pulls = tuple(pull for pull in by_head if pull.head_sha == head_sha)
        if not pulls:
            pulls = self._containing(path, checked_sha(head_sha))
        return tuple(pull for pull in pulls if pull.state == "open" and pull.base_repository_id == repository_id)

    def _named(self, path: str, numbers: Iterable[int]) -> tuple[PullRequest, ...]:
        pulls = []
        for number in list(numbers)[:MAX_NAMED_PULL_REQUESTS]:
            try:
                pulls.append(read(parse_pull_request, self._connection.get(f"{path}/pulls/{number}")))
            except NotFound:
                continue
        return tuple(pulls)

    def _containing(self, path: str, sha: str) -> tuple[PullRequest, ...]:
        try:
            return self._pull_requests(f"{path}/commits/{sha}/pulls", {})
        except (NotFound, Validation):
            # The commit was never in this repository, or is no more after a force push.
            return ()

    def _pull_requests(self, path: str, params: Params) -> tuple[PullRequest, ...]:
        return read_all(parse_pull_request, self._connection.pages(path, params))

    # Comments

    def find_comments(self, repository: str, number: int, marker: str) -> tuple[IssueComment, ...]:
        """The comments under a pull request that hold the marker and were written by this App, oldest first.

        Anybody can copy the marker, so the author decides.
        """
        path = f"{repository_path(repository)}/issues/{number}/comments"
        comments = read_all(parse_comment, self._connection.pages(path))
        ours = (comment for comment in comments if marker in comment.body and self._is_ours(comment))
        return tuple(sorted(ours, key=lambda comment: comment.id))

    def _is_ours(self, comment: IssueComment) -> bool:
        # A person who acts through an App is no bot, but bears the App's id.
        if not comment.author_is_bot:
            return False
        if comment.app_id is not None:
            return str(comment.app_id) == str(self._credentials.app_id)
        return bool(self._credentials.app_slug) and comment.author == f"{self._credentials.app_slug}[bot]"

    def create_comment(self, repository: str, number: int, body: str) -> IssueComment:
        path = f"{repository_path(repository)}/issues/{number}/comments"
        return self._write_comment("POST", path, body)

    def update_comment(self, repository: str, comment_id: int, body: str) -> IssueComment:
        """Raises NotFound when somebody deleted it."""
        path = f"{repository_path(repository)}/issues/comments/{comment_id}"
        return self._write_comment("PATCH", path, body)

    def _write_comment(self, method: str, path: str, body: str) -> IssueComment:
        if len(body) > COMMENT_CHARACTERS:
            raise TooLarge("The comment is longer than GitHub accepts.")
        return read(parse_comment, self._connection.request(method, path, json={"body": body}).json())

    def delete_comment(self, repository: str, comment_id: int) -> None:
        """One that is already gone is no error."""
        try:
            self._connection.request("DELETE", f"{repository_path(repository)}/issues/comments/{comment_id}")
        except NotFound:
            return

    def reactions(self, repository: str, comment_id: int) -> tuple[Reaction, ...]:
        path = f"{repository_path(repository)}/issues/comments/{comment_id}/reactions"
        return read_all(parse_reaction, self._connection.pages(path))

    # Check runs

    def find_check_run(self, repository: str, *, sha: str, name: str, external_id: str) -> CheckRun | None:
        """The check run of this App at a commit that bears our id; the oldest, should there be several."""
        path = f"{repository_path(repository)}/commits/{checked_sha(sha)}/check-runs"
        params = {"check_name": name, "filter": "all", "app_id": self._credentials.app_id}
        found = read_all(parse_check_run, self._connection.pages(path, params, key="check_runs"))
        ours = [run for run in found if run.external_id == external_id]
        return min(ours, key=lambda run: run.id, default=None)

    def create_check_run(self, repository: str, draft: CheckRunDraft) -> CheckRun:
        """Sends the first 50 annotations; the rest is for `update_check_run`."""
        data = draft.as_json(draft.annotations[:ANNOTATIONS_PER_CALL])
        data["head_sha"] = checked_sha(draft.head_sha)
        return self._write_check_run("POST", f"{repository_path(repository)}/check-runs", data)

    def update_check_run(
        self, repository: str, check_run_id: int, draft: CheckRunDraft, annotations: Sequence[Annotation] = ()
    ) -> CheckRun:
        """Replaces what is said and appends these annotations, 50 at most: GitHub never takes any back."""
        if len(annotations) > ANNOTATIONS_PER_CALL:
            raise TooLarge("GitHub accepts 50 annotations a call.")
        path = f"{repository_path(repository)}/check-runs/{check_run_id}"
        return self._write_check_run("PATCH", path, draft.as_json(tuple(annotations)))

    def _write_check_run(self, method: str, path: str, data: Any) -> CheckRun:
        return read(parse_check_run, self._connection.request(method, path, json=data).json())

    def publish_check_run(self, repository: str, draft: CheckRunDraft) -> CheckRun:
        """Bring GitHub to what the draft says: one check run, each annotation once.

        An earlier call may have broken off anywhere: the check run is found by `external_id`, and how many
        annotations GitHub has tells which are missing.
        """
        run = self.find_check_run(repository, sha=draft.head_sha, name=draft.name, external_id=draft.external_id)
        if run is None:
            run = self.create_check_run(repository, draft)
            missing = draft.annotations[ANNOTATIONS_PER_CALL:]
        else:
            missing = draft.annotations[run.annotations_count :]
            run = self.update_check_run(repository, run.id, draft, missing[:ANNOTATIONS_PER_CALL])
            missing = missing[ANNOTATIONS_PER_CALL:]
        for annotations in _chunks(missing):
            run = self.update_check_run(repository, run.id, draft, annotations)
        return run


def _chunks(annotations: tuple[Annotation, ...]) -> Iterator[tuple[Annotation, ...]]:
    for start in range(0, len(annotations), ANNOTATIONS_PER_CALL):
        yield annotations[start : start + ANNOTATIONS_PER_CALL]
