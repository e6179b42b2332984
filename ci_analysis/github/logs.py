"""Following the redirect of a job's log and reading what is behind it.

The link is GitHub's word, but what follows it sits inside our network, so it is followed by hand: without
the token, by https, to a listed host, not to an address in digits (the certificate then vouches for the
name, whatever it resolves to).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import httpx

from ci_analysis.github.connection import TIMEOUT, USER_AGENT, trusted_certificates
from ci_analysis.github.credentials import Credentials, is_loopback
from ci_analysis.github.errors import (
    GitHubError,
    LogLinkExpired,
    LogsNotReady,
    RedirectRefused,
    Unavailable,
    UnexpectedAnswer,
    error_for,
)

# To the blob store, and once further.
HOPS = 2


@dataclass(frozen=True)
class Gap:
    """What was left out between the head and the tail of a long log.

    The tail begins at `offset` of what was written, after `head_lines` lines and a line end of ours. `lines`
    is to be added to the number of a line in the tail to have its number in the whole log.
    """

    offset: int
    head_lines: int
    bytes: int
    lines: int


@dataclass(frozen=True)
class LogDownload:
    """`bytes` were written; `total_bytes` is None when the store did not tell.

    Truncated without a gap: only the head was written, because the length was unknown or the time over.
    """

    bytes: int
    truncated: bool
    total_bytes: int | None
    gap: Gap | None

    def line_in_log(self, number: int) -> int:
        """The number in the whole log of a line of what was written, both from 1."""
        if self.gap is None or number <= self.gap.head_lines:
            return number
        return number + self.gap.lines


def follow(
    link: httpx.URL, credentials: Credentials, into: BinaryIO, *, max_bytes: int, max_seconds: float
) -> LogDownload:
    """Write the log at `link` into the file, in at most `max_seconds` and one read timeout.

    A log known to be longer is written as its first and its last half, since what failed stands near the end.
    Raises RedirectRefused, LogLinkExpired, LogsNotReady, Unavailable, UnexpectedAnswer.
    """
    deadline = time.monotonic() + max_seconds
    local = is_loopback(httpx.URL(credentials.api_url))
    with httpx.Client(
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=not local,
        verify=trusted_certificates(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
    ) as client:
        for _ in range(HOPS):
            if not is_allowed(link, credentials):
                raise RedirectRefused
            try:
                with client.stream("GET", link) as response:
                    if not response.has_redirect_location:
                        _check(response)
                        return _write(response, into, max_bytes, deadline)
                    link = link.join(response.headers["location"])
            except httpx.InvalidURL as error:
                raise RedirectRefused from error
            except httpx.HTTPError as error:
                raise Unavailable("GitHub's log store broke off or did not answer in time.") from error
    raise RedirectRefused("GitHub's log store redirected more than once.")


def is_allowed(link: httpx.URL, credentials: Credentials) -> bool:
    """Whether a link is https to a listed host, or http to this machine while the API is there too."""
    # Credentials in the link would be sent as an Authorization header.
    if link.userinfo or link.scheme not in ("http", "https"):
        return False
    if is_loopback(link):
        return is_loopback(httpx.URL(credentials.api_url))
    labels = link.raw_host.decode("ascii").lower().split(".")
    if link.scheme == "http" or _in_digits(labels):
        return False
    suffixes = (host.lower().strip(".").split(".") for host in credentials.log_hosts if host.strip("."))
    return any(labels[-len(suffix) :] == suffix for suffix in suffixes)


def _in_digits(labels: list[str]) -> bool:
    """Whether a host is an address (10.0.0.1, 0x7f.1, ::1): no top-level domain begins with a digit."""
    return labels[-1][:1].isdigit() or ":" in labels[-1]


def _check(response: httpx.Response) -> None:
    if response.status_code >= 400:
        raise _store_error(response)
    if response.status_code != 200:
        raise UnexpectedAnswer(status=response.status_code)
    # We asked for none; what is packed may be a thousand times its size.
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnexpectedAnswer("GitHub's log store sent a compressed log.", status=response.status_code)


def _store_error(response: httpx.Response) -> GitHubError:
    status = response.status_code
    if status in (400, 401, 403):
        return LogLinkExpired(status=status)
    if status in (404, 410):
        return LogsNotReady(status=status)
    return error_for(status, response.headers, b"")


def _write(response: httpx.Response, into: BinaryIO, max_bytes: int, deadline: float) -> LogDownload:
    length = response.headers.get("content-length", "")
    total = int(length) if length.isascii() and length.isdecimal() else None
    # No chunk size: httpx would wait until one is full, and the deadline with it.
    chunks = response.iter_raw()
    if total is not None and total > max_bytes:
        return write_ends(chunks, into, total, max_bytes, deadline)
    written = 0
    for chunk in chunks:
        room = max_bytes - written
        written += into.write(chunk[:room])
        if len(chunk) > room or (time.monotonic() > deadline and written != total):
            return LogDownload(written, True, total, None)
    return LogDownload(written, False, written, None)


def write_ends(chunks: Iterator[bytes], into: BinaryIO, total: int, max_bytes: int, deadline: float) -> LogDownload:
    """Write the first and the last half of a log of `total` bytes. Line ends are CR LF, LF and a lone CR."""
    head = (max_bytes - 1) // 2
    tail_at = total - (max_bytes - 1 - head)
    head_ends, gap_ends = _LineEnds(), _LineEnds()
    position = written = 0
    gap: Gap | None = None
    for chunk in chunks:
        first, last = max(head - position, 0), max(tail_at - position, 0)
        written += into.write(chunk[:first])
        head_ends.feed(chunk[:first])
        gap_ends.skip(chunk[:first])
        gap_ends.feed(chunk[first:last])
        if tail := chunk[last:]:
            if gap is None:
                written += into.write(b"\n")
                gap = Gap(written, head_ends.before(b"\n") + 1, tail_at - head, gap_ends.before(tail) - 1)
            written += into.write(tail)
        position += len(chunk)
        if time.monotonic() > deadline:
            break
    return LogDownload(written, True, total, gap)


class _LineEnds:
    """Counts line ends (CR LF, LF, a lone CR) over pieces that may part a CR from its LF."""

    def __init__(self) -> None:
        self._count = 0
        self._open_cr = False

    def skip(self, piece: bytes) -> None:
        if piece:
            self._open_cr = piece.endswith(b"\r")

    def feed(self, piece: bytes) -> None:
        if piece:
            self._count = self.before(piece) + piece.count(b"\n") + piece.count(b"\r")
            self._count -= piece.count(b"\r\n") + piece.endswith(b"\r")
            self._open_cr = piece.endswith(b"\r")

    def before(self, piece: bytes) -> int:
        """The count, when `piece` is what comes next."""
        return self._count + (self._open_cr and not piece.startswith(b"\n"))
