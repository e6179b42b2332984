"""What may stand in a path to GitHub's API: checked here, before a URL is built of it."""

import re

from ci_analysis.github.errors import InvalidName

# Underscores occur in the logins of enterprise-managed users. Length: 39 for a login, room for `_shortcode`
# after it.
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,58})", re.ASCII)
_REPOSITORY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
# What `git check-ref-format` refuses; everything else, also outside ASCII, may be a branch.
_NOT_IN_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.$|/$|^/|\.lock$")
_BRANCH_CHARACTERS = 255
_MANIFEST_CODE = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


def repository_path(repository: str) -> str:
    """`/repos/owner/name` for "owner/name". Raises InvalidName."""
    owner, _, name = repository.partition("/")
    if not _OWNER.fullmatch(owner) or not _REPOSITORY.fullmatch(name):
        raise InvalidName("This is not the name of a repository.")
    return f"/repos/{owner}/{name}"


def checked_sha(sha: str) -> str:
    if not _SHA.fullmatch(sha):
        raise InvalidName("This is not the full hash of a commit.")
    return sha


def head_label(owner: str, branch: str) -> str:
    """`owner:branch`, as GitHub names the head of a pull request. Raises InvalidName."""
    if not _OWNER.fullmatch(owner) or not 0 < len(branch) <= _BRANCH_CHARACTERS or _NOT_IN_BRANCH.search(branch):
        raise InvalidName("This is not the name of a branch.")
    return f"{owner}:{branch}"


def checked_code(code: str) -> str:
    if not _MANIFEST_CODE.fullmatch(code):
        raise InvalidName("This is not a code that GitHub gave for a new app.")
    return code
