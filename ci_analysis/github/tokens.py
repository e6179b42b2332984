"""Installation tokens: fetched as the App, kept in Redis until five minutes before they expire.

A token is kept as an opaque string of any length: since April 2026 there are two forms of it. Redis only
saves requests. While it is down each client fetches a token of its own, and two workers that miss it at
once each fetch one; both are valid, so there is no lock.
"""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import httpx
import redis
from githubkit.auth import BaseAuthStrategy

from ci_analysis.github.connection import app_connection
from ci_analysis.github.credentials import Credentials
from ci_analysis.github.errors import NotFound, NotInstalled, TokenRefused, UnexpectedAnswer
from ci_analysis.github.reading import moment, read

# A token is not used in its last minutes: what was begun with it must be able to end.
MARGIN = timedelta(minutes=5)
REDIS_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime

    @property
    def seconds_left(self) -> int:
        return int((self.expires_at - MARGIN - datetime.now(UTC)).total_seconds())


def purge_token(installation_id: int, credentials: Credentials) -> None:
    """Forget the token of an installation that was suspended or deleted. A Redis that is down is no error."""
    _InstallationTokens(credentials, installation_id).purge()


class InstallationStrategy(BaseAuthStrategy):
    """Authenticates as an installation.

    In place of githubkit's own strategy: that parses the token's answer with a strict model, keeps the
    token until one minute before its end, and fails when Redis does.
    """

    def __init__(self, credentials: Credentials, installation_id: int) -> None:
        self._tokens = _InstallationTokens(credentials, installation_id)

    def get_auth_flow(self, github: Any) -> httpx.Auth:
        return _InstallationAuth(self._tokens)


class _InstallationAuth(httpx.Auth):
    def __init__(self, tokens: "_InstallationTokens") -> None:
        self._tokens = tokens

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        kept = self._tokens.kept()
        if kept is not None:
            response = yield _signed(request, kept)
            # GitHub revokes tokens before their time, for one when permissions change. 401: nothing was done.
            if response.status_code != 401:
                return
        response = yield _signed(request, self._tokens.fetch())
        if response.status_code == 401:
            raise TokenRefused(status=401, request_id=response.headers.get("x-github-request-id", ""))


def _signed(request: httpx.Request, token: Token) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token.value}"
    return request


class _InstallationTokens:
    """The token of one installation: in memory for the life of a client, in Redis for all workers."""

    def __init__(self, credentials: Credentials, installation_id: int) -> None:
        self._credentials = credentials
        self._path = f"/app/installations/{int(installation_id)}/access_tokens"
        host = httpx.URL(credentials.api_url).netloc.decode()
        self._key = f"fixci:github:token:{host}:{credentials.app_id}:{int(installation_id)}"
        self._redis = _redis(credentials.redis_url) if credentials.redis_url else None
        self._token: Token | None = None

    def kept(self) -> Token | None:
        if self._token is None or self._token.seconds_left <= 0:
            self._token = self._from_redis()
        return self._token

    def fetch(self) -> Token:
        """A new token from GitHub. Raises NotInstalled, Suspended and Unauthorized among others."""
        try:
            answer = app_connection(self._credentials).request("POST", self._path)
        except NotFound as error:
            self.purge()
            raise NotInstalled(status=error.status, request_id=error.request_id) from error
        token = self._token = read(_parse_token, answer.json())
        if self._redis is not None and token.seconds_left > 0:
            with _redis_may_be_down():
                kept = json.dumps({"token": token.value, "expires_at": token.expires_at.isoformat()})
                self._redis.set(self._key, kept, ex=token.seconds_left)
        return token

    def purge(self) -> None:
        self._token = None
        if self._redis is not None:
            with _redis_may_be_down():
                self._redis.delete(self._key)

    def _from_redis(self) -> Token | None:
        kept: Any = None
        if self._redis is not None:
            with _redis_may_be_down():
                kept = self._redis.get(self._key)
        if not kept:
            return None
        try:
            token = read(_parse_token, json.loads(kept))
        except (ValueError, UnexpectedAnswer):
            # Written by another version of this module.
            return None
        return token if token.seconds_left > 0 else None


def _parse_token(data: Any) -> Token:
    return Token(value=str(data["token"]), expires_at=moment(data["expires_at"]))


@contextmanager
def _redis_may_be_down() -> Generator[None, None, None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        logger.warning("The cache of GitHub tokens cannot be reached: %s", type(error).__name__)


@lru_cache(maxsize=8)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        decode_responses=True,
    )
