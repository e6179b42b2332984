"""Refusals in GitHub's words: a status, `{"message", "documentation_url", "status"}` and headers."""

import json
from collections.abc import Mapping, Sequence

from werkzeug.wrappers import Response

DOCUMENTATION = "https://docs.github.com/rest"


class Refused(Exception):
    """An answer of 4xx or 5xx. Raised by handlers, turned into JSON by the server."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
        documentation: str = DOCUMENTATION,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.documentation = documentation

    def response(self) -> Response:
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": self.documentation, "status": str(self.status)}
        return json_response(body, self.status, self.headers)


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status, headers=dict(headers or {}), content_type="application/json; charset=utf-8")


def not_found() -> Refused:
    return Refused(404, "Not Found")


def bad_credentials(message: str = "Bad credentials") -> Refused:
    return Refused(401, message)


def invalid(resource: str, field: str, code: str, message: str | None = None) -> Refused:
    """422 with one entry in `errors`, as GitHub lists them."""
    error: dict[str, object] = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error["message"] = message
    return Refused(422, "Validation Failed", errors=[error])
