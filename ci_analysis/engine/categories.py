"""The words for whose or what kind of failure it is."""

from __future__ import annotations

from typing import Literal

Category = Literal[
    "test",
    "compile",
    "types",
    "lint",
    "dependency",
    "configuration",
    "permission",
    "network",
    "resource",
    "runtime",
    "vcs",
    "infrastructure",
    "unknown",
]
