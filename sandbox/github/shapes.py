"""The JSON in which GitHub's REST API and webhooks speak of accounts, repositories and pull requests."""

import base64
from datetime import datetime
from typing import Any

from .models import Account, App, Comment, Commit, FileChange, Installation, PullRequest, Repository
from .state import State

Json = dict[str, Any]

REPOSITORY_LINKS = {
    # Ends of the URLs below the repository's own, as templates (RFC 6570) where GitHub gives templates.
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}

USER_LINKS = {
    "events": "/events{/privacy}",
    "followers": "/followers",
    "following": "/following{/other_user}",
    "gists": "/gists{/gist_id}",
    "organizations": "/orgs",
    "received_events": "/received_events",
    "repos": "/repos",
    "starred": "/starred{/owner}{/repo}",
    "subscriptions": "/subscriptions",
}


def time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else time(moment)


def node_id(kind: str, number: int) -> str:
    return kind + "_" + base64.urlsafe_b64encode(number.to_bytes(8, "big")).decode().rstrip("=")


class Shapes:
    """`api` and `web` are the two addresses, without a slash at the end."""

    def __init__(self, state: State, api: str, web: str) -> None:
        self.state, self.api, self.web = state, api, web

    def repository_url(self, repository: Repository) -> str:
        return f"{self.api}/repos/{repository.full_name}"

    def repository_page(self, repository: Repository) -> str:
        return f"{self.web}/{repository.full_name}"

    def account(self, login: str) -> Json:
        return self.user(self.state.account(login))

    def user(self, account: Account) -> Json:
        url = f"{self.api}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("U", account.id),
            "avatar_url": f"{self.web}/_static/avatar.svg",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{account.login}",
            **{f"{name}_url": url + end for name, end in USER_LINKS.items()},
            "type": account.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def organization(self, account: Account) -> Json:
        url = f"{self.api}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("O", account.id),
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{self.web}/_static/avatar.svg",
            "description": "",
        }

    def minimal_repository(self, repository: Repository) -> Json:
        """As it stands inside a workflow run."""
        url = self.repository_url(repository)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.account(repository.owner),
            "html_url": self.repository_page(repository),
            "description": repository.description or None,
            "fork": repository.parent_id is not None,
            "url": url,
            **{f"{name}_url": url + end for name, end in REPOSITORY_LINKS.items()},
        }

    def repository(self, repository: Repository) -> Json:
        page, created = self.repository_page(repository), time(repository.created_at)
        is_open = [p for p in self.state.pull_requests_of(repository) if p.state == "open"]
        counts = {"forks": 0, "open_issues": len(is_open), "stargazers": 0, "watchers": 0}
        return {
            **self.minimal_repository(repository),
            "git_url": page.replace("http:", "git:", 1) + ".git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": None,
            "size": 108,
            "language": repository.language,
            "default_branch": repository.default_branch,
            **{f"{name}_count": count for name, count in counts.items()},
            "forks": 0,
            "open_issues": len(is_open),
            "watchers": 0,
            "has_issues": True,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "archived": False,
            "disabled": False,
            "license": None,
            "allow_forking": True,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
            "created_at": created,
            "updated_at": created,
            "pushed_at": created,
        }

    def brief_repository(self, repository: Repository) -> Json:
        """As it stands in installation webhooks."""
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
        }

    def app(self, app: App) -> Json:
        return {
            "id": app.id,
            "slug": app.slug,
            "client_id": app.client_id,
            "node_id": node_id("A", app.id),
            "owner": self.account(app.owner),
            "name": app.name,
            "description": app.description or None,
            "external_url": app.external_url or f"{self.web}/apps/{app.slug}",
            "html_url": f"{self.web}/apps/{app.slug}",
            "created_at": time(app.created_at),
            "updated_at": time(app.created_at),
            "permissions": app.permissions,
            "events": app.events,
        }

    def installation(self, installation: Installation) -> Json:
        app = self.state.app(installation.app_id)
        account = self.state.account(installation.account)
        suspender = self.account(account.login) if installation.suspended_at else None
        return {
            "id": installation.id,
            "client_id": app.client_id,
            "account": self.user(account),
            "repository_selection": "all" if installation.repository_ids is None else "selected",
            "access_tokens_url": f"{self.api}/app/installations/{installation.id}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.web}/settings/installations/{installation.id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": account.id,
            "target_type": account.type,
            "permissions": installation.permissions,
            "events": installation.events,
            "created_at": time(installation.created_at),
            "updated_at": time(installation.updated_at),
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": suspender,
            "suspended_at": time_or_none(installation.suspended_at),
        }

    def commit(self, repository: Repository, commit: Commit) -> Json:
        url = f"{self.repository_url(repository)}/commits/{commit.sha}"
        person = {
            "name": commit.author,
            "email": f"{commit.author}@users.noreply.github.com",
            "date": time(commit.date),
        }
        parent = commit.parent
        parents = [{"sha": parent, "url": f"{self.repository_url(repository)}/commits/{parent}"}] if parent else []
        return {
            "sha": commit.sha,
            "node_id": node_id("C", int(commit.sha[:12], 16)),
            "url": url,
            "html_url": f"{self.repository_page(repository)}/commit/{commit.sha}",
            "comments_url": f"{url}/comments",
            "commit": {
                "author": person,
                "committer": person,
                "message": commit.message,
                "tree": {
                    "sha": commit.sha,
                    "url": f"{self.repository_url(repository)}/git/trees/{commit.sha}",
                },
                "url": f"{self.repository_url(repository)}/git/commits/{commit.sha}",
                "comment_count": 0,
            },
            "author": self.account(commit.author),
            "committer": self.account(commit.author),
            "parents": parents,
        }

    def minimal_pull_request(self, repository: Repository, pull_request: PullRequest) -> Json:
        """As it stands inside runs and check runs."""
        head = self.state.repository_by_id(pull_request.head_repository_id) or repository

        def side(branch: str, sha: str, of: Repository) -> Json:
            return {
                "ref": branch,
                "sha": sha,
                "repo": {"id": of.id, "url": self.repository_url(of), "name": of.name},
            }

        return {
            "id": pull_request.id,
            "number": pull_request.number,
            "url": f"{self.repository_url(repository)}/pulls/{pull_request.number}",
            "head": side(pull_request.head_branch, pull_request.head_sha, head),
            "base": side(pull_request.base_branch, pull_request.base_sha, repository),
        }

    def file(self, repository: Repository, change: FileChange, sha: str) -> Json:
        page, url = self.repository_page(repository), self.repository_url(repository)
        return {
            "sha": sha,
            "filename": change.filename,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{page}/blob/{sha}/{change.filename}",
            "raw_url": f"{page}/raw/{sha}/{change.filename}",
            "contents_url": f"{url}/contents/{change.filename}?ref={sha}",
            **({"patch": change.patch} if change.patch else {}),
        }

    def comment(self, repository: Repository, comment: Comment) -> Json:
        url = f"{self.repository_url(repository)}/issues"
        app = None if comment.app_id is None else self.app(self.state.app(comment.app_id))
        page = f"{self.repository_page(repository)}/pull/{comment.issue_number}#issuecomment-{comment.id}"
        member = comment.author.lower() == repository.owner.lower()
        return {
            "url": f"{url}/comments/{comment.id}",
            "html_url": page,
            "issue_url": f"{url}/{comment.issue_number}",
            "id": comment.id,
            "node_id": node_id("IC", comment.id),
            "user": self.account(comment.author),
            "created_at": time(comment.created_at),
            "updated_at": time(comment.updated_at),
            "body": comment.body,
            "author_association": "OWNER" if member else "NONE",
            "reactions": self.reactions(f"{url}/comments/{comment.id}/reactions", comment),
            "performed_via_github_app": app,
        }

    def reactions(self, url: str, comment: Comment) -> Json:
        kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
        given = [reaction.content for reaction in comment.reactions]
        return {"url": url, "total_count": len(given), **{kind: given.count(kind) for kind in kinds}}
