"""Requests to GitHub's API through githubkit's authentication and transport, JSON in and out.

githubkit's own retries and throttling sleep in the worker and its models refuse GitHub's own data, so none
of them are used: one call here is one request (and a second to where a renamed repository went), bounded in
time and size.
"""

import json as jsonlib
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count
from types import TracebackType
from typing import Any, Self, cast

import httpx
from githubkit import GitHub
from githubkit.auth import AppAuthStrategy, BaseAuthStrategy, UnauthAuthStrategy
from githubkit.auth.app import AppAuth
from githubkit.cache import MemCacheStrategy
from jwt import PyJWTError

from ci_analysis.github.credentials import Credentials, is_loopback
from ci_analysis.github.errors import (
    RedirectRefused,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    error_for,
)

API_VERSION = "2022-11-28"
USER_AGENT = "FixCI"
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
PER_PAGE = 100
# Nobody reads further; a list that does not end would keep a worker for ever.
MAX_PAGES = 100
MAX_ANSWER_BYTES = 25 * 1024 * 1024
Params = Mapping[str, str | int]
# A renamed or moved repository (docs: REST best practices, follow redirects). 302 is the link to a log and
# nothing else.
_MOVED = frozenset({301, 307, 308})

# At DEBUG httpcore writes out the headers of answers, and with them the signed link to a log.
logging.getLogger("httpcore").setLevel(logging.INFO)


class _WithoutQuery(logging.Filter):
    """httpx logs each URL at INFO; the query of a link to a log is the key to it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument.copy_with(query=None) if isinstance(argument, httpx.URL) else argument
                for argument in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())


@cache
def trusted_certificates() -> ssl.SSLContext:
    """One for the process: reading the certificates takes 40 ms, more than a request."""
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class Answer:
    """An answer below 400. `url` is the one that was asked last; `location` and `next_page` may be relative to it."""

    url: httpx.URL
    status: int
    body: bytes
    location: str
    next_page: str

    def json(self) -> Any:
        try:
            return jsonlib.loads(self.body)
        except ValueError as error:
            raise UnexpectedAnswer("GitHub's answer is not JSON.", status=self.status) from error

    def resolved(self, reference: str) -> httpx.URL:
        """Raises RedirectRefused."""
        try:
            return self.url.join(reference)
        except httpx.InvalidURL as error:
            raise RedirectRefused(status=self.status) from error


class AppStrategy(AppAuthStrategy):
    """githubkit's App authentication; a private key that is not one is said at once and in our words."""

    def get_auth_flow(self, github: Any) -> httpx.Auth:
        flow = cast(AppAuth, super().get_auth_flow(github))
        try:
            flow.get_jwt()
        except PyJWTError as error:
            raise Unauthorized("The private key of FixCI's GitHub App is not a key.") from error
        return flow


class Connection:
    """One party's requests to one API. Within `with` one connection is kept."""

    def __init__(
        self,
        api_url: str,
        auth: BaseAuthStrategy | None = None,
        cache: MemCacheStrategy | None = None,
    ) -> None:
        self._base = httpx.URL(api_url)
        self._github: GitHub[BaseAuthStrategy] = GitHub(
            auth or UnauthAuthStrategy(),
            base_url=self._base,
            user_agent=USER_AGENT,
            timeout=TIMEOUT,
            follow_redirects=False,
            # A proxy of the environment is no way to this machine.
            trust_env=not is_loopback(self._base),
            ssl_verify=trusted_certificates(),
            cache_strategy=cache,
            http_cache=False,
            auto_retry=False,
        )
        self._kept: httpx.Client | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._kept = self._stack.enter_context(self._github.get_sync_client())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept = None
        self._stack.close()

    def get(self, path: str | httpx.URL, params: Params | None = None) -> Any:
        return self.request("GET", path, params=params).json()

    def pages(self, path: str, params: Params | None = None, *, key: str = "") -> Iterator[Any]:
        """The items of a list, page after page; `key` names the list where GitHub wraps it.

        Raises TooLarge after 10,000 items.
        """
        answer = self.request("GET", path, params={"per_page": PER_PAGE, **(params or {})})
        for page in count(1):
            data = answer.json()
            items = data.get(key) if key and isinstance(data, dict) else data
            if not isinstance(items, list):
                raise UnexpectedAnswer("GitHub's answer is not a list.", status=answer.status)
            yield from items
            if not answer.next_page:
                return
            if page == MAX_PAGES:
                raise TooLarge(f"GitHub lists more than {MAX_PAGES} pages.")
            answer = self.request("GET", self._ours(answer.resolved(answer.next_page)))

    def request(
        self,
        method: str,
        path: str | httpx.URL,
        *,
        params: Params | None = None,
        json: Any = None,
    ) -> Answer:
        """Raises the GitHubError that the answer stands for. An answer 302 is given back, not followed."""
        if self._kept is not None:
            return self._ask(self._kept, method, path, params, json)
        with self._github.get_sync_client() as client:
            return self._ask(client, method, path, params, json)

    def _ask(
        self,
        client: httpx.Client,
        method: str,
        path: str | httpx.URL,
        params: Params | None,
        json: Any,
    ) -> Answer:
        headers = {"X-GitHub-Api-Version": API_VERSION}
        request = client.build_request(method, path, params=params, json=json, headers=headers)
        answer = exchange(client, request)
        if answer.status in _MOVED:
            # The verb stays, unlike in a browser: a POST that became a GET would read in place of write.
            moved = self._ours(answer.resolved(answer.location))
            answer = exchange(client, client.build_request(method, moved, json=json, headers=headers))
        if answer.status in _MOVED:
            raise RedirectRefused("GitHub redirected more than once.", status=answer.status)
        return answer

    def _ours(self, url: httpx.URL) -> httpx.URL:
        """The URL if the token may be sent there: the API's own origin."""
        if _origin(url) != _origin(self._base):
            raise RedirectRefused
        return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def app_connection(credentials: Credentials) -> Connection:
    app_id, private_key = credentials.app_id, credentials.private_key
    return Connection(credentials.api_url, AppStrategy(app_id, private_key), signed_tokens(app_id, private_key))


@lru_cache(maxsize=8)
def signed_tokens(app_id: str, private_key: str) -> MemCacheStrategy:  # noqa: ARG001 - they are its key
    """Where githubkit keeps an App's JWT, for 8 of its 9 minutes: making one takes 40 ms.

    githubkit's default cache knows a JWT by the App's id alone, and would go on with a key that was replaced.
    """
    return MemCacheStrategy()


def exchange(client: httpx.Client, request: httpx.Request) -> Answer:
    """Send and read, with a bound on what is read. Raises for 400 and up."""
    try:
        response = client.send(request, stream=True)
        try:
            body = _bounded(response)
        finally:
            response.close()
    except httpx.TimeoutException as error:
        raise Unavailable("GitHub did not answer in time.") from error
    except httpx.DecodingError as error:
        raise UnexpectedAnswer from error
    except httpx.HTTPError as error:
        raise Unavailable from error
    if response.status_code >= 400:
        raise error_for(response.status_code, response.headers, body)
    return Answer(
        url=request.url,
        status=response.status_code,
        body=body,
        location=response.headers.get("location", ""),
        next_page=response.links.get("next", {}).get("url", ""),
    )


def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise TooLarge("GitHub's answer is larger than FixCI reads.", status=response.status_code)
    return bytes(body)
