"""What can go wrong with GitHub, as one family; callers never see the HTTP library's exceptions.

`str(error)` is a sentence that a user may read. `code` is a short name to store. `retryable` says whether
the same call may succeed later; `retry_after` is GitHub's own word on when, in seconds (None: the caller's
backoff).
"""

import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar

# GitHub's advice when it limits without saying for how long (docs: rate limits for the REST API).
SECONDARY_LIMIT_SECONDS = 60.0
# The primary limit's window is an hour: a reset further away than this is a wrong clock on one side.
LONGEST_WAIT_SECONDS = 3600.0
MESSAGE_CHARACTERS = 300


class GitHubError(Exception):
    """Base of the family. `status` is None when there was no answer; `request_id` is for GitHub's support."""

    code: ClassVar[str] = "github_error"
    retryable: ClassVar[bool] = False
    sentence: ClassVar[str] = "GitHub answered in a way that is not understood."

    def __init__(
        self,
        sentence: str = "",
        *,
        retry_after: float | None = None,
        status: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(sentence or self.sentence)
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id


class NotFound(GitHubError):
    code = "not_found"
    sentence = "GitHub has no such thing, or FixCI's app may not see it."


class NotInstalled(NotFound):
    code = "not_installed"
    sentence = "FixCI's app is not installed there any more."


class Gone(GitHubError):
    code = "gone"
    sentence = "This was deleted on GitHub."


class LogsGone(Gone):
    code = "logs_gone"
    sentence = "GitHub no longer keeps the log of this job: it expired or was deleted."


class LogsNotReady(GitHubError):
    code = "logs_not_ready"
    retryable = True
    sentence = "GitHub has not finished writing the log of this job."


class LogLinkExpired(GitHubError):
    """The link to a log lives one minute; asking the API again gives a new one."""

    code = "log_link_expired"
    retryable = True
    sentence = "GitHub's link to the log expired before the log could be read."


class Forbidden(GitHubError):
    code = "forbidden"
    sentence = "FixCI's app lacks a permission for this on GitHub."


class Unauthorized(GitHubError):
    code = "unauthorized"
    sentence = "GitHub did not accept the credentials of FixCI's app."


class TokenRefused(Unauthorized):
    """A new token that GitHub does not know yet: it takes seconds to reach all of GitHub's servers."""

    code = "token_refused"
    retryable = True
    sentence = "GitHub did not accept its own new token."


class Suspended(GitHubError):
    code = "suspended"
    sentence = "The installation of FixCI's app is suspended."


class RateLimited(GitHubError):
    """GitHub's limit is reached; `retry_after` is always set. Going on meanwhile may get the App banned."""

    code = "rate_limited"
    retryable = True
    sentence = "GitHub asks to wait: too many requests."
    secondary: bool = False


class Validation(GitHubError):
    code = "validation"
    sentence = "GitHub refused the request as invalid."


class Unavailable(GitHubError):
    """No answer, or half of one: the effect of a write is unknown."""

    code = "unavailable"
    retryable = True
    sentence = "GitHub could not be reached."


class RedirectRefused(GitHubError):
    code = "redirect_refused"
    sentence = "GitHub redirected to an address that FixCI does not follow."


class TooLarge(GitHubError):
    code = "too_large"
    sentence = "This is larger than FixCI or GitHub accepts."


class UnexpectedAnswer(GitHubError):
    code = "unexpected_answer"


class InvalidName(GitHubError):
    """A name that cannot be one on GitHub; nothing was sent."""

    code = "invalid_name"
    sentence = "This is not a name that GitHub could have given."


def error_for(status: int, headers: Mapping[str, str], body: bytes) -> GitHubError:
    """The error that an answer of 400 and up stands for. `headers` must be case-insensitive."""
    message = _message(body)
    request_id = headers.get("x-github-request-id", "")
    if status in (403, 429):
        limited = _rate_limited(status, headers, message, request_id)
        if limited is not None:
            return limited
    if status == 403 and "suspended" in message.lower():
        return Suspended(status=status, request_id=request_id)
    if status in (400, 409, 422):
        said = f"GitHub refused the request: {message}" if message else ""
        return Validation(said, status=status, request_id=request_id)
    if status >= 500:
        return Unavailable("GitHub has a problem of its own.", status=status, request_id=request_id)
    kinds: dict[int, type[GitHubError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 410: Gone}
    return kinds.get(status, UnexpectedAnswer)(status=status, request_id=request_id)


def _rate_limited(status: int, headers: Mapping[str, str], message: str, request_id: str) -> RateLimited | None:
    """GitHub's precedence: retry-after, then the reset of an exhausted primary limit, then a minute."""
    wait: float | None = None
    primary = headers.get("x-ratelimit-remaining") == "0" and "secondary" not in message.lower()
    if "retry-after" in headers:
        wait = _seconds(headers["retry-after"])
    elif primary and "x-ratelimit-reset" in headers:
        wait = _seconds(headers["x-ratelimit-reset"], since=time.time())
    elif status == 429 or primary or "rate limit" in message.lower() or "abuse" in message.lower():
        wait = SECONDARY_LIMIT_SECONDS
    if wait is None:
        return None
    error = RateLimited(retry_after=wait, status=status, request_id=request_id)
    error.secondary = not primary
    return error


def _seconds(value: str, *, since: float = 0.0) -> float:
    if not value.isascii() or not value.isdigit():
        return SECONDARY_LIMIT_SECONDS
    return min(max(int(value[:12]) - since, 1.0), LONGEST_WAIT_SECONDS)


def _message(body: bytes) -> str:
    """GitHub's `message` and the reasons under `errors`, on one line and bounded."""
    try:
        data: Any = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    parts = [data.get("message"), *(map(_reason, errors) if isinstance(errors, list) else ())]
    said = "; ".join(part for part in parts if isinstance(part, str) and part)
    return " ".join(said.split())[:MESSAGE_CHARACTERS]


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))
