"""Everything that a call needs at hand, in one place."""

import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from .create import JobSpec
from .faults import Faults
from .limits import Limits
from .log_links import LogLinks
from .persistence import load, save
from .shapes import Shapes
from .state import State, Tables
from .webhooks import Webhooks

API_PREFIX = "/api/v3"  # as GitHub Enterprise Server has it, which leaves /{owner}/{repo} to the pages
REQUESTS_KEPT = 5000


@dataclass(frozen=True)
class RecordedRequest:
    """`path` is as GitHub's documentation writes it; `origin` is "api" or "logs"."""

    origin: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int


class Site:
    """`web` and `logs` are the addresses of the two origins, without a slash at the end."""

    def __init__(self, web: str, logs: str, state_file: Path | None = None) -> None:
        self.web, self.api = web, web + API_PREFIX
        self.state_file = state_file
        self.state = State(load(state_file) if state_file and state_file.exists() else Tables())
        self.stopping = threading.Event()
        self.shapes = Shapes(self.state, self.api, web)
        self.faults = Faults(self.stopping)
        self.limits = Limits()
        self.links = LogLinks(self.state, logs)
        self.webhooks = Webhooks(self.state, self.save)
        self.requests: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        self.token_format = "stateless"
        self.planned_reruns: dict[int, list[JobSpec]] = {}  # by run

    def save(self) -> None:
        """Writes the state file, where there is one."""
        if self.state_file is not None:
            with self.state.lock:
                save(self.state_file, self.state.tables)
