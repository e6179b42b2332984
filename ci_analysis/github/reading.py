"""Reading GitHub's JSON: the fields that are needed, tolerating the rest.

Strict models refuse a third of GitHub's own examples, so there are none here. A needed field that is
missing or of the wrong kind raises UnexpectedAnswer, out of `read` alone; the parsers take what they need
plainly.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ci_analysis.github.errors import UnexpectedAnswer

T = TypeVar("T")


def read(parse: Callable[[Any], T], data: Any) -> T:
    try:
        return parse(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UnexpectedAnswer("GitHub's answer lacks something that FixCI needs.") from error


def read_all(parse: Callable[[Any], T], items: Iterable[Any]) -> tuple[T, ...]:
    return tuple(read(parse, item) for item in items)


def text(value: Any) -> str:
    """The string, or an empty one for null and anything else."""
    return value if isinstance(value, str) else ""


def text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def number_or_none(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def moment(value: Any) -> datetime:
    """An aware datetime in UTC out of ISO 8601, or out of epoch seconds as some answers of GitHub have it."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value).astimezone(UTC)


def moment_or_none(value: Any) -> datetime | None:
    return moment(value) if value else None
