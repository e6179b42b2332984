"""GitHub's own payload examples, which are not ours to keep: measured against where somebody has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("FIXCI_GITHUB_PAYLOADS", "")


def payload_files() -> list[Any]:
    """Every JSON file under the folder; one skipped case with the reason when there is none."""
    found = sorted(Path(FOLDER).rglob("*.json")) if FOLDER else []
    skipped = pytest.param(Path("none"), marks=pytest.mark.skip(reason="FIXCI_GITHUB_PAYLOADS names no payload files"))
    return list(found) or [skipped]
