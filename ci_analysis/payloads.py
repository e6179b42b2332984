"""What is kept of a webhook's payload, and how it is read.

GitHub's payloads vary more than its schemas say (a third of its own examples fail them), so nothing is validated as a
whole: the door keeps the fields named here, and each handler asks for those that it can't do without.
"""

from __future__ import annotations

import re
from typing import Any

from ci_analysis.exceptions import PayloadError

# A name means "this value as it is"; a dict goes one level down.
_Shape = dict[str, Any]

_ENVELOPE: _Shape = {
    "action": True,
    "sender": {"login": True},
    "installation": {"id": True},
    "repository": {"id": True, "full_name": True, "default_branch": True, "private": True},
}
_KEPT: dict[str, _Shape] = {
    "ping": {"hook_id": True},
    "workflow_run": {
        "workflow_run": {
            "id": True,
            "run_attempt": True,
            "conclusion": True,
            # The rest is for the case that GitHub does not show us the run.
            "workflow_id": True,
            "name": True,
            "event": True,
            "head_sha": True,
            "head_branch": True,
            "head_repository": {"owner": {"login": True}},
            "html_url": True,
        }
    },
    "check_run": {"check_run": {"external_id": True, "app": {"id": True}}},
}

# PostgreSQL has no room for these in text or jsonb, nor for integers of more than 64 bits in a column.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_BIGINT = range(-(2**63), 2**63)
_LONGEST_TEXT = 1000


def keep(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The fields of this event that are stored. What is missing or of another shape is left out.

    So is what PostgreSQL could not store: the delivery is taken all the same, and fails for want of the field.
    """
    return _pick(payload, _ENVELOPE | _KEPT.get(event, {}))


def integer(payload: dict[str, Any], *path: str) -> int:
    """Raises PayloadError, naming the path, when there is no whole number."""
    value = integer_or_none(payload, *path)
    if value is None:
        raise PayloadError(f"{'.'.join(path)} is not a whole number")
    return value


def integer_or_none(payload: dict[str, Any], *path: str) -> int | None:
    value = _at(payload, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(payload: dict[str, Any], *path: str) -> str:
    """The text there; "" when there is none."""
    value = _at(payload, path)
    return value if isinstance(value, str) else ""


def storable(value: str, limit: int) -> str:
    """Text out of one of GitHub's answers as PostgreSQL takes it, at most `limit` characters long."""
    return _UNSTORABLE.sub("", value)[:limit]


def is_false(payload: dict[str, Any], *path: str) -> bool:
    """Whether false is said there; silence and anything else is not."""
    return _at(payload, path) is False


def _at(payload: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _pick(value: dict[str, Any], shape: _Shape) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, below in shape.items():
        found = value.get(name)
        if below is True and _is_storable(found):
            kept[name] = found
        elif isinstance(below, dict) and isinstance(found, dict):
            kept[name] = _pick(found, below)
    return kept


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT and not _UNSTORABLE.search(value)
    return isinstance(value, int) and value in _BIGINT
