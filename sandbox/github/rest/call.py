"""A call to the API as its handler sees it: checked, with the repository looked up."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from sandbox.github.errors import Refused, invalid, json_response
from sandbox.github.models import App, Installation, Repository, Token
from sandbox.github.shapes import Json, Shapes
from sandbox.github.site import Site
from sandbox.github.state import State
from sandbox.github.tokens import need

LARGEST_PAGE = 100
DEFAULT_PAGE = 30

Item = TypeVar("Item")


@dataclass
class Call:
    """`caller` names whose rate limit counts."""

    request: Request
    site: Site
    caller: str

    @property
    def state(self) -> State:
        return self.site.state

    @property
    def shapes(self) -> Shapes:
        return self.site.shapes

    def body(self) -> Json:
        """The JSON object sent, {} where nothing was. Raises Refused (400)."""
        data = self.request.get_data()
        if not data:
            return {}
        try:
            body = json.loads(data)
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "Body should be a JSON object")
        return body

    def page(self, items: Sequence[Item], shape: Callable[[Item], Json], envelope: str | None = None) -> Response:
        """The page asked for, with a Link header; an object with `total_count` where `envelope` is given."""
        number = max(1, self.request.args.get("page", 1, type=int))
        size = min(LARGEST_PAGE, max(1, self.request.args.get("per_page", DEFAULT_PAGE, type=int)))
        shown = [shape(item) for item in items[(number - 1) * size : number * size]]
        last = max(1, -(-len(items) // size))
        body: Any = shown if envelope is None else {"total_count": len(items), envelope: shown}
        link = self._links(number, last)
        return json_response(body, headers={"Link": link} if link else {})

    def _links(self, number: int, last: int) -> str:
        targets: dict[str, int] = {}
        if number > 1:
            targets |= {"prev": min(number - 1, last), "first": 1}
        if number < last:
            targets |= {"next": number + 1, "last": last}
        return ", ".join(f'<{self._page_url(target)}>; rel="{rel}"' for rel, target in targets.items())

    def _page_url(self, number: int) -> str:
        query = {**self.request.args.to_dict(), "page": str(number)}
        return f"{self.request.base_url}?{urlencode(query)}"


@dataclass
class AppCall(Call):
    app: App


@dataclass
class InstallationCall(Call):
    installation: Installation
    token: Token


@dataclass
class RepositoryCall(InstallationCall):
    repository: Repository

    def need(self, *alternatives: tuple[str, str]) -> None:
        need(self.installation, self.token, *alternatives)


def text_of(body: Json, field: str, resource: str, *, longest: int | None = None, required: bool = True) -> str | None:
    """A text field of the body. Raises Refused (422) where it is missing, no text, or too long."""
    value = body.get(field)
    if value is None and not required:
        return None
    if value is None or value == "":
        raise invalid(resource, field, "missing_field")
    if not isinstance(value, str):
        raise invalid(resource, field, "invalid")
    if longest is not None and len(value) > longest:
        raise invalid(resource, field, "too_long", f"{field} is too long (maximum is {longest} characters)")
    return value
