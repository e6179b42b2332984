"""Webhooks: signed, sent in the background or at once, kept with their answers, lost or doubled on demand."""

import hmac
import http.client
import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .models import App, Delivery, Installation, Repository
from .shapes import Json
from .state import State, now

TIMEOUT = 10.0  # seconds; GitHub counts a delivery as failed after them
DELIVERIES_KEPT = 2000  # GitHub lists those of the last days
ALWAYS_SENT = ("ping", "installation", "installation_repositories")


@dataclass(frozen=True)
class SignedWebhook:
    """What is sent, for tests that hand it to a view themselves."""

    body: bytes
    headers: dict[str, str]


def sign(secret: str, body: bytes, digest: str = "sha256") -> str:
    return f"{digest}=" + hmac.new(secret.encode(), body, digest).hexdigest()


class Webhooks:
    def __init__(self, state: State, changed: Callable[[], None]) -> None:
        self._state = state
        self._changed = changed
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._held: list[Delivery] | None = None
        self._thread: threading.Thread | None = None
        self._lose = 0
        self._repeat = 0

    # What goes wrong on demand

    def lose(self, times: int = 1) -> None:
        """The next `times` webhooks are never sent, and never listed."""
        self._lose += times

    def repeat(self, times: int = 1) -> None:
        """The next `times` webhooks are sent twice, under the same delivery id."""
        self._repeat += times

    def hold(self) -> None:
        """Nothing is sent before `release`."""
        self._held = self._held or []

    def release(self, *, order: str = "same") -> None:
        """Sends what was held back: in the "same" order, "reversed" or "shuffled"."""
        held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            random.shuffle(held)
        for delivery in held:
            self._queue.put(delivery)

    # Sending

    def emit(
        self,
        event: str,
        payload: Json,
        *,
        installation: Installation | None = None,
        repository: Repository | None = None,
        app: App | None = None,
        wait: bool = False,
    ) -> Delivery | None:
        """One event to one App. None where nobody listens, or where it is lost on demand."""
        app = app or (None if installation is None else self._state.app(installation.app_id))
        if app is None or not _listens(app, installation, event):
            return None
        delivery = self._delivery(app, event, payload, installation, repository)
        if self._lose > 0:
            self._lose -= 1
            return None
        self._keep(delivery)
        copies = [delivery]
        if self._repeat > 0:
            self._repeat -= 1
            copies.append(self.redelivery(delivery))
        for copy in copies:
            self._dispatch(copy, wait)
        return delivery

    def emit_about(self, event: str, repository: Repository, payload: Json, *, wait: bool = False) -> list[Delivery]:
        """One event to every App that is installed on the repository."""
        with self._state.lock:
            listening = [i for i in self._state.installations_on(repository) if i.suspended_at is None]
        sent = [
            self.emit(
                event,
                {**payload, "installation": {"id": i.id, "node_id": f"IN_{i.id}"}},
                installation=i,
                repository=repository,
                wait=wait,
            )
            for i in listening
        ]
        return [delivery for delivery in sent if delivery is not None]

    def redelivery(self, of: Delivery) -> Delivery:
        """A new delivery with the same guid and the same body, not sent yet."""
        with self._state.lock:
            copy = Delivery(
                self._state.new_id("delivery"),
                of.guid,
                of.app_id,
                of.event,
                of.action,
                of.installation_id,
                of.repository_id,
                of.body,
                now(),
                redelivery=True,
            )
        self._keep(copy)
        return copy

    def _keep(self, delivery: Delivery) -> None:
        with self._state.lock:
            kept = self._state.tables.deliveries
            kept[delivery.id] = delivery
            for oldest in list(kept)[:-DELIVERIES_KEPT]:
                del kept[oldest]

    def redeliver(self, delivery: Delivery, *, wait: bool = False) -> Delivery:
        copy = self.redelivery(delivery)
        self._dispatch(copy, wait)
        return copy

    def _delivery(
        self,
        app: App,
        event: str,
        payload: Json,
        installation: Installation | None,
        repository: Repository | None,
    ) -> Delivery:
        with self._state.lock:
            return Delivery(
                self._state.new_id("delivery"),
                str(uuid.uuid4()),
                app.id,
                event,
                payload.get("action"),
                installation.id if installation else None,
                repository.id if repository else None,
                json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode(),
                now(),
            )

    def _dispatch(self, delivery: Delivery, wait: bool) -> None:
        if wait:
            self._send(delivery)
        elif self._held is not None:
            self._held.append(delivery)
        else:
            self._queue.put(delivery)

    def signed(self, delivery: Delivery) -> SignedWebhook:
        app = self._state.app(delivery.app_id)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{delivery.guid[:7]}",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": sign(app.webhook_secret, delivery.body, "sha1"),
            "X-Hub-Signature-256": sign(app.webhook_secret, delivery.body),
        }
        return SignedWebhook(delivery.body, headers)

    def _send(self, delivery: Delivery) -> None:
        url = self._state.app(delivery.app_id).webhook_url
        if url is None:
            delivery.status = "not sent"
            return
        started = time.monotonic()
        try:
            delivery.status_code, delivery.status, delivery.answer = _post(url, self.signed(delivery))
        except TimeoutError:
            delivery.status_code, delivery.status = 504, "timed out"
        except (OSError, http.client.HTTPException):
            delivery.status_code, delivery.status = 502, "failed to connect to host"
        delivery.duration = time.monotonic() - started
        delivery.delivered_at = now()
        self._changed()

    # The background thread

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="stand-in-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout=TIMEOUT + 1)

    def drain(self) -> None:
        """Returns once everything put in so far is sent."""
        self._queue.join()

    def _work(self) -> None:
        while (delivery := self._queue.get()) is not None:
            self._send(delivery)
            self._queue.task_done()
        self._queue.task_done()


def _listens(app: App, installation: Installation | None, event: str) -> bool:
    events = app.events if installation is None else installation.events
    return event in ALWAYS_SENT or event in events


def _post(url: str, webhook: SignedWebhook) -> tuple[int, str, str]:
    """Status, reason and the beginning of the answer. Redirects are not followed, as GitHub does not."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path or "/", webhook.body, webhook.headers)
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.read(2000).decode("utf-8", "replace")
    finally:
        connection.close()
