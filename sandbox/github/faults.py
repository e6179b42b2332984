"""Things that go wrong on demand. A fault waits for calls that it matches, and serves `times` of them."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from werkzeug.wrappers import Request, Response

from .errors import Refused

KINDS = ("status", "hang", "drop_before", "drop_after", "truncate", "slow")


@dataclass
class Fault:
    """`method` and `path` are regular expressions; the path is as GitHub documents it ("/repos/...").

    kind         what happens
    status       answers `status` with `headers` and `message` (or `body` as it is), nothing is done
    hang         waits `seconds`, then goes on as usual
    drop_before  closes the connection, nothing is done
    drop_after   does what was asked, then closes the connection: the answer is lost
    truncate     announces the whole body, sends the first `bytes`, then closes the connection
    slow         sends the body in pieces with `seconds` in between
    """

    method: str
    path: str
    kind: str = "status"
    status: int = 500
    times: int = 1
    seconds: float = 30.0
    bytes: int = 1000
    message: str = "Server Error"
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {self.kind}")
        for pattern in (self.method, self.path):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern} is no regular expression: {error}") from None

    def matches(self, method: str, path: str) -> bool:
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path))


class Faults:
    """`stopping` ends all waits, so that a hanging call never keeps the server from closing."""

    def __init__(self, stopping: threading.Event) -> None:
        self._lock = threading.Lock()
        self._stopping = stopping
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches, with one of its times used up."""
        with self._lock:
            for fault in self.waiting:
                if fault.matches(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.waiting.remove(fault)
                    return fault
        return None

    def answer(self, request: Request, path: str, handle: Callable[[], Response]) -> Response:
        """`handle()`, or what a fault makes of it. Raises AnswerLost."""
        fault = self.take(request.method, path)
        if fault is None:
            return handle()
        if fault.kind == "status" and fault.body is not None:
            return Response(fault.body, fault.status, dict(fault.headers))
        if fault.kind == "status":
            return Refused(fault.status, fault.message, headers=fault.headers).response()
        if fault.kind == "hang":
            self._stopping.wait(fault.seconds)
        if fault.kind == "drop_before":
            raise AnswerLost
        response = handle()
        if fault.kind == "drop_after":
            raise AnswerLost
        if fault.kind == "truncate":
            return self._truncated(response, fault.bytes)
        return self._slowed(response, fault.seconds) if fault.kind == "slow" else response

    def _truncated(self, response: Response, length: int) -> Response:
        body = response.get_data()
        response.response = [body[:length]]
        response.headers["Content-Length"] = str(max(len(body), length + 1))
        return response

    def _slowed(self, response: Response, seconds: float) -> Response:
        body = response.get_data()
        response.response = self._trickle(body, max(1, len(body) // 4), seconds)
        response.headers["Content-Length"] = str(len(body))
        return response

    def _trickle(self, body: bytes, size: int, seconds: float) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]
            self._stopping.wait(seconds)


class AnswerLost(ConnectionAbortedError):
    """The connection ends here without an answer. To the server it is as if the caller had gone away."""
