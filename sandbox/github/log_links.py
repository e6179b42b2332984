"""Links to logs on the second origin: signed, valid for a minute, refusing credentials meant for the API."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from pathlib import Path

from werkzeug.wrappers import Request, Response

from .models import Job
from .state import State, now

LINK_SECONDS = 60
PIECE = 1 << 16


class LogLinks:
    """`origin` is the log server's address; `override`, where set, is where all log calls lead instead."""

    def __init__(self, state: State, origin: str) -> None:
        self._state = state
        self._secret = secrets.token_bytes(32)
        self.origin = origin
        self.override: str | None = None

    def link(self, job: Job) -> str:
        if self.override is not None:
            return self.override
        expires = int(now().timestamp()) + LINK_SECONDS
        return f"{self.origin}/job-logs/{job.id}.txt?se={expires}&sig={self._signature(job.id, expires)}"

    def expire(self) -> None:
        """All links handed out so far are refused from now on."""
        self._secret = secrets.token_bytes(32)

    def _signature(self, job_id: int, expires: int) -> str:
        return hmac.new(self._secret, f"{job_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def serve(self, request: Request) -> Response:
        if "Authorization" in request.headers:
            return _refused(400, "InvalidAuthenticationInfo")
        job = self._job(request)
        if job is None:
            return _refused(404, "BlobNotFound")
        expires = request.args.get("se", 0, type=int)
        signature = self._signature(job.id, expires)
        if expires <= now().timestamp() or not hmac.compare_digest(signature, request.args.get("sig", "")):
            return _refused(403, "AuthenticationFailed")
        if job.log_path is not None:
            return _file(job.log_path)
        return Response(job.log, content_type="text/plain; charset=utf-8")

    def _job(self, request: Request) -> Job | None:
        name = request.path.removeprefix("/job-logs/").removesuffix(".txt")
        with self._state.lock:
            return self._state.tables.jobs.get(int(name)) if name.isdecimal() else None


def _refused(status: int, code: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'
    return Response(body, status, content_type="application/xml")


def _file(path: Path) -> Response:
    def pieces() -> Iterator[bytes]:
        with path.open("rb") as log:
            while piece := log.read(PIECE):
                yield piece

    response = Response(pieces(), content_type="text/plain; charset=utf-8")
    response.content_length = path.stat().st_size
    return response
