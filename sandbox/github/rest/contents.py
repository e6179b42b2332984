"""The repository itself: what it is, its files and commits, and comparisons."""

import base64
import hashlib

from werkzeug.wrappers import Response

from sandbox.github.errors import Refused, json_response, not_found
from sandbox.github.models import Commit, FileChange, Repository
from sandbox.github.shapes import Json

from .call import RepositoryCall


def show_repository(call: RepositoryCall) -> Response:
    return json_response(call.shapes.repository(call.repository))


def show_contents(call: RepositoryCall, path: str = "") -> Response:
    """A file, or the list of a directory. Every ref has the same files."""
    path = path.strip("/")
    ref = call.request.args.get("ref", call.repository.default_branch)
    if ref not in call.repository.branches and not call.state.knows_commit(call.repository, ref):
        raise Refused(404, f"No commit found for the ref {ref}")
    text = call.repository.files.get(path)
    if text is not None:
        return json_response(_file(call, path, text, ref))
    below = sorted(name for name in call.repository.files if name.startswith(f"{path}/" if path else ""))
    if not below:
        raise not_found()
    return json_response(_directory(call, path, below, ref))


def _entry(call: RepositoryCall, path: str, kind: str, size: int, ref: str) -> Json:
    url = f"{call.shapes.repository_url(call.repository)}/contents/{path}?ref={ref}"
    page = call.shapes.repository_page(call.repository)
    sha = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    html = f"{page}/{'blob' if kind == 'file' else 'tree'}/{ref}/{path}"
    git = f"{call.shapes.repository_url(call.repository)}/git/{'blobs' if kind == 'file' else 'trees'}/{sha}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": f"{page}/raw/{ref}/{path}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url, "git": git, "html": html},
    }


def _file(call: RepositoryCall, path: str, text: str, ref: str) -> Json:
    content = base64.encodebytes(text.encode()).decode()
    return {**_entry(call, path, "file", len(text.encode()), ref), "content": content, "encoding": "base64"}


def _directory(call: RepositoryCall, path: str, below: list[str], ref: str) -> list[Json]:
    prefix = f"{path}/" if path else ""
    names = dict.fromkeys(name.removeprefix(prefix).split("/")[0] for name in below)
    entries = []
    for name in names:
        text = call.repository.files.get(prefix + name)
        kind = "dir" if text is None else "file"
        entries.append(_entry(call, prefix + name, kind, len((text or "").encode()), ref))
    return entries


def show_commit(call: RepositoryCall, ref: str) -> Response:
    return json_response(call.shapes.commit(call.repository, _commit(call, ref)))


def compare(call: RepositoryCall, basehead: str) -> Response:
    """`base...head`, each a branch, a commit or owner:branch of a fork."""
    base_name, dots, head_name = basehead.partition("...")
    if not dots:
        raise not_found()
    base, head = _commit(call, base_name), _commit(call, head_name)
    ahead = [] if base.sha == head.sha else [head]
    page = call.shapes.repository_page(call.repository)
    files = _files_of(call, head)
    return json_response(
        {
            "url": f"{call.shapes.repository_url(call.repository)}/compare/{basehead}",
            "html_url": f"{page}/compare/{basehead}",
            "permalink_url": f"{page}/compare/{base.sha}...{head.sha}",
            "diff_url": f"{page}/compare/{basehead}.diff",
            "patch_url": f"{page}/compare/{basehead}.patch",
            "base_commit": call.shapes.commit(call.repository, base),
            "merge_base_commit": call.shapes.commit(call.repository, base),
            "status": "ahead" if ahead else "identical",
            "ahead_by": len(ahead),
            "behind_by": 0,
            "total_commits": len(ahead),
            "commits": [call.shapes.commit(call.repository, commit) for commit in ahead],
            "files": [call.shapes.file(call.repository, change, head.sha) for change in files],
        }
    )


def _files_of(call: RepositoryCall, head: Commit) -> list[FileChange]:
    for pull in call.state.pull_requests_of(call.repository):
        if pull.head_sha == head.sha:
            return pull.files
    return []


def _commit(call: RepositoryCall, name: str) -> Commit:
    """Raises Refused (404)."""
    owner, _, branch = name.rpartition(":")
    for place in _places(call, owner):
        sha = place.branches.get(branch, branch)
        if sha in place.commits:
            return place.commits[sha]
    raise not_found()


def _places(call: RepositoryCall, owner: str) -> list[Repository]:
    """Where a commit may lie: the fork of `owner`, or the repository and the forks of its pull requests."""
    if owner:
        fork = call.state.repository(owner, call.repository.name)
        return [fork] if fork else []
    pulls = call.state.pull_requests_of(call.repository)
    heads = [call.state.repository_by_id(pull.head_repository_id) for pull in pulls]
    return [call.repository, *(head for head in heads if head is not None)]
