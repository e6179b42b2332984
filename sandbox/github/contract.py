"""Requests and answers held against GitHub's OpenAPI description, where somebody has it at hand.

The description is GitHub's and lies outside this repository; see tests/sandbox/test_github_contract.py.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from .site import RecordedRequest

COMBINED = ("allOf", "anyOf", "oneOf", "$ref")


class Contract:
    """The operations of one OpenAPI 3.0 document."""

    def __init__(self, document: Path) -> None:
        self._document = _without_nullable(json.loads(document.read_text(encoding="utf-8")))
        self._paths = [(_pattern(path), path) for path in self._document["paths"]]
        # Paths without parameters are tried first: /app/installations is no /app/{slug}.
        self._paths.sort(key=lambda entry: entry[1].count("{"))

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """None where the document does not have it."""
        for pattern, name in self._paths:
            if pattern.fullmatch(path) and method.lower() in self._document["paths"][name]:
                found: dict[str, Any] = self._document["paths"][name][method.lower()]
                return found
        return None

    def check_request(self, request: RecordedRequest) -> list[str]:
        """What GitHub would not understand: unknown or wrong parameters, a body that breaks its schema."""
        operation = self.operation(request.method, request.path)
        if operation is None:
            return []
        problems = self._query_problems(operation, request.query)
        schema = self._schema(operation.get("requestBody", {}))
        if schema is not None and (request.body or operation["requestBody"].get("required")):
            problems += self._violations(schema, json.loads(request.body or b"null"))
        return [f"{request.method} {request.path}: {problem}" for problem in problems]

    def check_answer(self, method: str, path: str, status: int, body: bytes) -> list[str]:
        """Where an answer breaks the schema of its status; a status that is not listed is no violation."""
        operation = self.operation(method, path)
        listed = {} if operation is None else self._resolved(operation["responses"].get(str(status), {}))
        schema = self._schema(listed)
        if schema is None:
            return []
        return [f"{method} {path} {status}: {problem}" for problem in self._violations(schema, json.loads(body))]

    def _query_problems(self, operation: dict[str, Any], query: str) -> list[str]:
        parameters = [self._resolved(parameter) for parameter in operation.get("parameters", [])]
        known = {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}
        problems = []
        for name, value in parse_qsl(query):
            if name not in known:
                problems.append(f"GitHub knows no parameter {name} here")
            else:
                problems += [f"{name}: {p}" for p in self._violations(known[name], _typed(value, known[name]))]
        return problems

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _schema(self, part: dict[str, Any]) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = part.get("content", {}).get("application/json", {}).get("schema")
        return schema

    def _violations(self, schema: dict[str, Any], value: object) -> list[str]:
        validator = Draft202012Validator({"components": self._document["components"], **schema})
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _pattern(path: str) -> re.Pattern[str]:
    """Contents, refs and comparisons may have slashes in them."""
    inner = re.sub(r"\\\{(path|ref|basehead)\\\}", ".+", re.escape(path))
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", inner))


def _typed(value: str, schema: dict[str, Any]) -> object:
    """A query's text as the type that its schema asks for; left as it is where it is none."""
    if schema.get("type") == "integer" and value.isdecimal():
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _without_nullable(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's own words."""
    if isinstance(node, list):
        return [_without_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _without_nullable(item) for key, item in node.items()}
    if plain.pop("nullable", None) is not True:
        return plain
    if isinstance(plain.get("type"), str):
        if "enum" in plain:
            plain["enum"] = [*plain["enum"], None]
        return {**plain, "type": [plain["type"], "null"]}
    return {"anyOf": [plain, {"type": "null"}]} if any(key in plain for key in COMBINED) else plain
