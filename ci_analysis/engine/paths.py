"""File names as the repository has them."""

from __future__ import annotations

import re

# Where GitHub Actions, GitLab, Travis, CircleCI, Azure Pipelines, Jenkins and Bitbucket check a repository out.
CHECKOUT = re.compile(
    r"^(?:/home/runner/work/[^/]+/[^/]+/|/Users/runner/work/[^/]+/[^/]+/|/__w/[^/]+/[^/]+/"
    r"|/github/workspace/|/home/runner/_work/[^/]+/[^/]+/"
    r"|[A-Za-z]:[\\/]a[\\/][^\\/]+[\\/][^\\/]+[\\/]"
    r"|[A-Za-z]:[\\/]actions-runner[\\/]_work[\\/][^\\/]+[\\/][^\\/]+[\\/]"
    r"|/actions-runner/_work/[^/]+/[^/]+/"
    r"|/builds/workspace/[^/]+/|/builds/[^/]+/[^/]+/|/home/travis/build/[^/]+/[^/]+/"
    r"|/home/circleci/project/|/(?:home/\w+/)?project/|/opt/atlassian/pipelines/agent/build/"
    r"|/var/(?:lib/)?jenkins(?:_home)?/workspace/[^/]+/|/home/vsts/work/\d+/s/|/workspace/|/vercel/path0/)"
)
LIBRARY = re.compile(
    r"site-packages|dist-packages|node_modules|/lib/python|<frozen|<string>|^node:|^internal/"
    r"|/\.cargo/registry|/rustc/|/gems/|vendor/|/go/src/|/usr/lib|/usr/local/lib|hostedtoolcache"
)


def in_repository(file: str) -> str:
    """The path below the folder of the checkout; unchanged when that folder is not known."""
    return CHECKOUT.sub("", file.strip().removeprefix("file://")).removeprefix("./")


def is_library(file: str) -> bool:
    """Whether the file belongs to an installed library or the language, not to the repository."""
    return bool(LIBRARY.search(file))
