"""The webhooks' payloads, and sending them to every App that listens."""

from .models import CheckRun, Comment, Delivery, Installation, PullRequest, Repository, Run
from .run_shapes import check_run, pull_request, workflow, workflow_run
from .shapes import Json
from .site import Site


def about_repository(site: Site, repository: Repository, sender: str) -> Json:
    owner = site.state.account(repository.owner)
    shared: Json = {
        "repository": site.shapes.repository(repository),
        "sender": site.shapes.account(sender),
    }
    if owner.type == "Organization":
        shared["organization"] = site.shapes.organization(owner)
    return shared


def workflow_run_payload(site: Site, repository: Repository, run: Run, action: str) -> Json:
    told = workflow_run(site.shapes, repository, run)
    if action != "completed":
        told |= {"status": "queued" if action == "requested" else "in_progress", "conclusion": None}
    return {
        "action": action,
        "workflow_run": told,
        "workflow": workflow(site.shapes, repository, run),
        **about_repository(site, repository, run.latest.actor),
    }


def workflow_run_event(
    site: Site, repository: Repository, run: Run, action: str = "completed", *, wait: bool = False
) -> list[Delivery]:
    with site.state.lock:
        payload = workflow_run_payload(site, repository, run, action)
    return site.webhooks.emit_about("workflow_run", repository, payload, wait=wait)


def pull_request_event(
    site: Site, repository: Repository, pull: PullRequest, action: str, *, wait: bool = False
) -> list[Delivery]:
    with site.state.lock:
        payload = {
            "action": action,
            "number": pull.number,
            "pull_request": pull_request(site.shapes, repository, pull),
            **about_repository(site, repository, pull.author),
        }
    return site.webhooks.emit_about("pull_request", repository, payload, wait=wait)


def issue_comment_event(
    site: Site, repository: Repository, comment: Comment, action: str, *, wait: bool = False
) -> list[Delivery]:
    with site.state.lock:
        issue = {
            "number": comment.issue_number,
            "url": f"{site.shapes.repository_url(repository)}/issues/{comment.issue_number}",
            "pull_request": {"url": f"{site.shapes.repository_url(repository)}/pulls/{comment.issue_number}"},
        }
        payload = {
            "action": action,
            "issue": issue,
            "comment": site.shapes.comment(repository, comment),
            **about_repository(site, repository, comment.author),
        }
    return site.webhooks.emit_about("issue_comment", repository, payload, wait=wait)


def check_run_event(
    site: Site, repository: Repository, check: CheckRun, action: str, *, sender: str, wait: bool = False
) -> Delivery | None:
    """To the App that made the check run."""
    with site.state.lock:
        owner = next((i for i in site.state.installations_on(repository) if i.app_id == check.app_id), None)
        if owner is None:
            return None
        told = check_run(site.shapes, repository, check)
        payload = {
            "action": action,
            "check_run": told,
            "installation": {"id": owner.id, "node_id": f"IN_{owner.id}"},
            **about_repository(site, repository, sender),
        }
    return site.webhooks.emit("check_run", payload, installation=owner, repository=repository, wait=wait)


def installation_event(
    site: Site, installation: Installation, action: str, *, sender: str | None = None, wait: bool = False
) -> Delivery | None:
    """created, deleted, suspend or unsuspend."""
    with site.state.lock:
        payload: Json = {
            "action": action,
            "installation": site.shapes.installation(installation),
            "sender": site.shapes.account(sender or installation.account),
        }
        if action in ("created", "deleted"):
            reached = site.state.reached_by(installation)
            payload["repositories"] = [site.shapes.brief_repository(r) for r in reached]
    return site.webhooks.emit("installation", payload, installation=installation, wait=wait)


def installation_repositories_event(
    site: Site,
    installation: Installation,
    *,
    added: list[Repository],
    removed: list[Repository],
    wait: bool = False,
) -> Delivery | None:
    with site.state.lock:
        payload = {
            "action": "added" if added else "removed",
            "installation": site.shapes.installation(installation),
            "repository_selection": "all" if installation.repository_ids is None else "selected",
            "repositories_added": [site.shapes.brief_repository(r) for r in added],
            "repositories_removed": [site.shapes.brief_repository(r) for r in removed],
            "requester": None,
            "sender": site.shapes.account(installation.account),
        }
    return site.webhooks.emit("installation_repositories", payload, installation=installation, wait=wait)


def ping_event(site: Site, app_id: int, *, wait: bool = False) -> Delivery | None:
    with site.state.lock:
        app = site.state.app(app_id)
        payload = {
            "zen": "A stand-in keeps its word.",
            "hook_id": app.hook_id,
            "hook": {
                "type": "App",
                "id": app.hook_id,
                "name": "web",
                "active": True,
                "app_id": app.id,
                "events": app.events,
                "config": {"content_type": "json", "insecure_ssl": "0", "url": app.webhook_url},
            },
            "sender": site.shapes.account(app.owner),
        }
    return site.webhooks.emit("ping", payload, app=app, wait=wait)
