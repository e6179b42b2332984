"""The state as one JSON file: dataclasses to objects, times to ISO 8601, bytes to compressed base64."""

import base64
import dataclasses
import functools
import json
import os
import types
import typing
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from .state import Tables


def save(path: Path, tables: Tables) -> None:
    """Atomic: the file is the old state or the new one. Readable by its owner only, it holds secrets."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(encode(tables), file)
    temporary.replace(path)


def load(path: Path) -> Tables:
    """Raises ValueError where the file is not ours, OSError where it can't be read."""
    try:
        tables = decode(Tables, json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, AttributeError, zlib.error) as error:
        raise ValueError(f"{path} is not a state file of this version: {error!r}") from error
    return typing.cast(Tables, tables)


def encode(value: object) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return _packed(value)
    return str(value) if isinstance(value, Path) else value


@functools.cache
def _packed(value: bytes) -> str:
    """Kept, because logs and webhooks never change and are written with every save."""
    return base64.b64encode(zlib.compress(value)).decode()


def decode(kind: Any, value: Any) -> Any:
    """The inverse of `encode` for a value annotated as `kind`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return None if value is None else decode(inner, value)
    if origin is dict:
        return {arguments[0](key): decode(arguments[1], item) for key, item in value.items()}
    if origin is list:
        return [decode(arguments[0], item) for item in value]
    if dataclasses.is_dataclass(kind):
        return _record(typing.cast(type, kind), value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is bytes:
        return zlib.decompress(base64.b64decode(value))
    return Path(value) if kind is Path else value


def _record(kind: type, value: dict[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{name: decode(hints[name], item) for name, item in value.items()})
