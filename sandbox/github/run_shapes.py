"""The JSON in which GitHub's REST API and webhooks speak of pull requests, runs, jobs and checks."""

from .models import Annotation, CheckRun, CommitStatus, Delivery, Job, PullRequest, Repository, Run
from .shapes import Json, Shapes, node_id, time, time_or_none


def pull_request_simple(shapes: Shapes, repository: Repository, pull: PullRequest) -> Json:
    """As in lists."""
    url = f"{shapes.repository_url(repository)}/pulls/{pull.number}"
    issue = f"{shapes.repository_url(repository)}/issues/{pull.number}"
    page = f"{shapes.repository_page(repository)}/pull/{pull.number}"
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{shapes.repository_url(repository)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{shapes.repository_url(repository)}/statuses/{pull.head_sha}",
    }
    return {
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        **{f"{name}_url": link for name, link in links.items() if name not in ("self", "html", "issue")},
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": shapes.account(pull.author),
        "body": pull.body or None,
        "created_at": time(pull.created_at),
        "updated_at": time(pull.updated_at),
        "closed_at": time_or_none(pull.merged_at),
        "merged_at": time_or_none(pull.merged_at),
        "merge_commit_sha": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": None,
        "draft": pull.draft,
        "head": _side(shapes, pull.head_owner, pull.head_branch, pull.head_sha, pull.head_repository_id),
        "base": _side(shapes, repository.owner, pull.base_branch, pull.base_sha, repository.id),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
        "active_lock_reason": None,
    }


def _side(shapes: Shapes, owner: str, branch: str, sha: str, repository_id: int | None) -> Json:
    repository = shapes.state.repository_by_id(repository_id)
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.account(owner),
        "repo": None if repository is None else shapes.repository(repository),
    }


def pull_request(shapes: Shapes, repository: Repository, pull: PullRequest) -> Json:
    return {
        **pull_request_simple(shapes, repository, pull),
        "merged": pull.merged_at is not None,
        "mergeable": True,
        "rebaseable": True,
        "mergeable_state": "unstable",
        "merged_by": None,
        "comments": len(shapes.state.comments_of(repository, pull.number)),
        "review_comments": 0,
        "maintainer_can_modify": shapes.state.is_fork(pull),
        "commits": len(shapes.state.commits_of(pull)),
        "additions": sum(change.additions for change in pull.files),
        "deletions": sum(change.deletions for change in pull.files),
        "changed_files": len(pull.files),
    }


def pull_requests_of_run(shapes: Shapes, repository: Repository, run: Run) -> list[Json]:
    """Empty for runs of forks, as GitHub leaves it."""
    if run.head_repository_id != run.repository_id:
        return []
    return [
        shapes.minimal_pull_request(repository, pull)
        for pull in shapes.state.pull_requests_of(repository)
        if pull.head_repository_id == repository.id and pull.head_branch == run.head_branch and pull.state == "open"
    ]


def workflow_run(shapes: Shapes, repository: Repository, run: Run, attempt_number: int | None = None) -> Json:
    """The latest attempt, or the one asked for."""
    attempt = run.latest if attempt_number is None else run.attempts[attempt_number - 1]
    url = f"{shapes.repository_url(repository)}/actions/runs/{run.id}"
    head = shapes.state.repository_by_id(run.head_repository_id)
    previous = f"{url}/attempts/{attempt.number - 1}" if attempt.number > 1 else None
    suite = run.id + 7
    return {
        "id": run.id,
        "name": run.workflow_name,
        "node_id": node_id("WFR", run.id),
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.workflow_path,
        "run_number": run.run_number,
        "run_attempt": attempt.number,
        "referenced_workflows": [],
        "display_title": run.display_title,
        "event": run.event,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": run.workflow_id,
        "url": url,
        "html_url": f"{shapes.repository_page(repository)}/actions/runs/{run.id}",
        "pull_requests": pull_requests_of_run(shapes, repository, run),
        "created_at": time(run.created_at),
        "updated_at": time(attempt.updated_at),
        "run_started_at": time(attempt.started_at),
        "actor": shapes.account(run.actor),
        "triggering_actor": shapes.account(attempt.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{shapes.repository_url(repository)}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": previous,
        "workflow_url": f"{shapes.repository_url(repository)}/actions/workflows/{run.workflow_id}",
        "head_commit": _head_commit(run),
        "repository": shapes.minimal_repository(repository),
        "head_repository": None if head is None else shapes.minimal_repository(head),
    }


def _head_commit(run: Run) -> Json:
    person = {"name": run.actor, "email": f"{run.actor}@users.noreply.github.com"}
    return {
        "id": run.head_sha,
        "tree_id": run.head_sha[::-1],
        "message": run.display_title,
        "timestamp": time(run.created_at),
        "author": person,
        "committer": person,
    }


def workflow(shapes: Shapes, repository: Repository, run: Run) -> Json:
    url = f"{shapes.repository_url(repository)}/actions/workflows/{run.workflow_id}"
    page = shapes.repository_page(repository)
    return {
        "id": run.workflow_id,
        "node_id": node_id("W", run.workflow_id),
        "name": run.workflow_name,
        "path": run.workflow_path,
        "state": "active",
        "created_at": time(repository.created_at),
        "updated_at": time(repository.created_at),
        "url": url,
        "html_url": f"{page}/blob/{repository.default_branch}/{run.workflow_path}",
        "badge_url": f"{page}/workflows/{run.workflow_name}/badge.svg",
    }


def job(shapes: Shapes, repository: Repository, run: Run, found: Job) -> Json:
    url = f"{shapes.repository_url(repository)}/actions"
    steps = [
        {
            "name": step.name,
            "status": "completed",
            "conclusion": step.conclusion,
            "number": step.number,
            "started_at": time(step.started_at),
            "completed_at": time_or_none(step.completed_at),
        }
        for step in found.steps
    ]
    return {
        "id": found.id,
        "run_id": run.id,
        "workflow_name": run.workflow_name,
        "head_branch": run.head_branch,
        "run_url": f"{url}/runs/{run.id}",
        "run_attempt": found.attempt,
        "node_id": node_id("CR", found.id),
        "head_sha": run.head_sha,
        "url": f"{url}/jobs/{found.id}",
        "html_url": f"{shapes.repository_page(repository)}/actions/runs/{run.id}/job/{found.id}",
        "status": found.status,
        "conclusion": found.conclusion,
        "created_at": time(found.created_at),
        "started_at": time(found.started_at),
        "completed_at": time_or_none(found.completed_at),
        "name": found.name,
        "steps": steps,
        "check_run_url": f"{shapes.repository_url(repository)}/check-runs/{found.id}",
        "labels": found.labels,
        "runner_id": found.id % 1000,
        "runner_name": found.runner,
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions",
    }


def check_run(shapes: Shapes, repository: Repository, check: CheckRun) -> Json:
    url = f"{shapes.repository_url(repository)}/check-runs/{check.id}"
    page = f"{shapes.repository_page(repository)}/runs/{check.id}"
    pulls = [
        shapes.minimal_pull_request(repository, pull)
        for pull in shapes.state.pull_requests_of(repository)
        if pull.head_sha == check.head_sha and pull.head_repository_id == repository.id
    ]
    return {
        "id": check.id,
        "name": check.name,
        "node_id": node_id("CR", check.id),
        "head_sha": check.head_sha,
        "external_id": check.external_id,
        "url": url,
        "html_url": page,
        "details_url": check.details_url or page,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": time(check.started_at),
        "completed_at": time_or_none(check.completed_at),
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": len(check.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": check.id - check.id % 1000},
        "app": shapes.app(shapes.state.app(check.app_id)),
        "pull_requests": pulls,
    }


def annotation(shapes: Shapes, repository: Repository, check: CheckRun, found: Annotation) -> Json:
    page = shapes.repository_page(repository)
    return {**vars(found), "blob_href": f"{page}/blob/{check.head_sha}/{found.path}"}


def commit_status(shapes: Shapes, repository: Repository, status: CommitStatus) -> Json:
    return {
        "url": f"{shapes.repository_url(repository)}/statuses/{status.sha}",
        "avatar_url": f"{shapes.web}/_static/avatar.svg",
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
        "creator": shapes.account(status.creator),
    }


def delivery(found: Delivery) -> Json:
    """As in the list of deliveries."""
    return {
        "id": found.id,
        "guid": found.guid,
        "delivered_at": time(found.delivered_at),
        "redelivery": found.redelivery,
        "duration": round(found.duration, 2),
        "status": found.status,
        "status_code": found.status_code,
        "event": found.event,
        "action": found.action,
        "installation_id": found.installation_id,
        "repository_id": found.repository_id,
        "throttled_at": None,
    }
