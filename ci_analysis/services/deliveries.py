"""GitHub's inbox: each delivery is stored once, processed in a task that may run twice and in any order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from ci_analysis import github, payloads, queue, retries
from ci_analysis.exceptions import CiAnalysisError, InstallationInactive
from ci_analysis.models import Delivery
from ci_analysis.services import analyses, github_app, installations, runs
from orgs import tenancy

logger = structlog.get_logger("ci_analysis")

Handler = Callable[[Delivery], None]

# Our door's answers to what it would refuse again.
REFUSED_FOR_GOOD = {400, 413, 415}

_STORE = """
    INSERT INTO ci_analysis_delivery
        (guid, event, action, installation_id, payload, received_at, status, attempts, error)
    VALUES (%s, %s, %s, %s, %s, %s, 'received', 0, '')
    ON CONFLICT (guid) DO UPDATE
        SET status = 'received', attempts = 0, next_attempt_at = NULL, processed_at = NULL, error = '',
            received_at = EXCLUDED.received_at, payload = EXCLUDED.payload
        WHERE ci_analysis_delivery.status = 'failed'
            OR (ci_analysis_delivery.status = 'ignored' AND ci_analysis_delivery.error <> '')
    RETURNING id
"""


def store(*, guid: str, event: str, payload: dict[str, Any]) -> bool:
    """Store a delivery and enqueue its processing. False: we have it already, and nothing hindered it.

    One statement decides, so that two senders at once store one row. One that failed, or came while the App was
    suspended, is opened again when GitHub sends it again because somebody pressed "Redeliver".
    """
    row = [
        guid,
        event,
        payloads.text(payload, "action")[:64],
        payloads.integer_or_none(payload, "installation", "id"),
        json.dumps(payload),
        timezone.now(),
    ]
    with tenancy.all_organizations():
        with connection.cursor() as cursor:
            cursor.execute(_STORE, row)
            stored: tuple[int] | None = cursor.fetchone()
        if stored:
            queue.process_delivery(stored[0])
    return stored is not None


def process(delivery_id: int) -> None:
    """Do what the delivery asks for, and say in its row what became of it. Done or ignored before: nothing."""
    delivery = _take(delivery_id)
    if delivery is None:
        return
    handler = HANDLERS.get((delivery.event, delivery.action))
    if handler is None:
        return _close(delivery, Delivery.Status.IGNORED)
    try:
        handler(delivery)
    except github.GitHubError as error:
        _try_again_or_fail(delivery, str(error), error)
    except InstallationInactive as error:
        _close(delivery, Delivery.Status.IGNORED, str(error))
    except CiAnalysisError as error:
        _close(delivery, Delivery.Status.FAILED, str(error))
    # The edge of the task: whatever else went wrong is kept in the inbox, where an operator sees it, and tried again.
    except Exception as error:
        logger.exception("delivery.crashed", guid=delivery.guid)
        _try_again_or_fail(delivery, f"{type(error).__name__}: {error}", None)
    else:
        _close(delivery, Delivery.Status.DONE)


def request_redelivery() -> int:
    """Ask GitHub to send again what it could not deliver to us in the last day; how many.

    GitHub never does so by itself. One that we have stored meanwhile is left alone. Raises NotConfigured,
    github.GitHubError.
    """
    with github.AppClient(github_app.credentials()) as client:
        failed = client.failed_deliveries(timezone.now() - timedelta(days=1))
        with tenancy.all_organizations():
            known = set(Delivery.objects.filter(guid__in=[d.guid for d in failed]).values_list("guid", flat=True))
        missing = [d for d in failed if d.guid not in known and d.status_code not in REFUSED_FOR_GOOD]
        return sum(_redeliver(client, delivery) for delivery in missing)


def _redeliver(client: github.AppClient, delivery: github.HookDelivery) -> bool:
    """False: GitHub does not send this one again, and the others are not held up by it."""
    try:
        client.redeliver(delivery.id)
    except (github.NotFound, github.Validation) as error:
        logger.warning("delivery.redelivery_refused", guid=delivery.guid, error=str(error))
        return False
    logger.info("delivery.redelivery_requested", guid=delivery.guid, github_event=delivery.event)
    return True


def reopen(*, delivery_id: int, actor: str) -> bool:
    """Process a hindered delivery once more, as an operator asks. False: nothing hindered it, and it is left alone."""
    with tenancy.all_organizations():
        failed = Delivery.objects.hindered().filter(pk=delivery_id)
        reopened = failed.update(
            status=Delivery.Status.RECEIVED, attempts=0, next_attempt_at=None, error="", received_at=timezone.now()
        )
        if reopened:
            queue.process_delivery(delivery_id)
            logger.info("delivery.reopened", delivery=delivery_id, actor=actor)
    return bool(reopened)


def prune() -> int:
    """Delete closed deliveries after DELIVERY_KEPT_DAYS; how many. Their guids may then be stored again."""
    limit = timezone.now() - timedelta(days=settings.DELIVERY_KEPT_DAYS)
    with tenancy.all_organizations():
        closed = Delivery.objects.filter(received_at__lt=limit).exclude(status=Delivery.Status.RECEIVED)
        deleted, _ = closed.delete()
    return deleted


def _take(delivery_id: int) -> Delivery | None:
    with tenancy.all_organizations():
        now = timezone.now()
        due = Delivery.objects.due(stored_before=now + timedelta(hours=1)).filter(pk=delivery_id)
        # Counted before the work, so that a delivery that kills its worker comes to an end too. Until the lease runs
        # out no other worker takes it.
        lease = now + timedelta(seconds=settings.LEASE_SECONDS)
        if not due.update(attempts=F("attempts") + 1, next_attempt_at=lease):
            return None
        delivery = Delivery.objects.get(pk=delivery_id)
    if delivery.attempts > settings.ANALYSIS_MAX_ATTEMPTS:
        _close(
            delivery,
            Delivery.Status.FAILED,
            delivery.error or "given up: each attempt ended without an answer",
        )
        return None
    return delivery


def _close(delivery: Delivery, status: Delivery.Status, error: str = "") -> None:
    with tenancy.all_organizations():
        Delivery.objects.filter(pk=delivery.pk).update(status=status, error=error, processed_at=timezone.now())
    logger.info(
        "delivery.closed",
        guid=delivery.guid,
        github_event=delivery.event,
        action=delivery.action,
        status=status,
        error=error,
    )


def _try_again_or_fail(delivery: Delivery, error: str, reason: github.GitHubError | None) -> None:
    pause = retries.pause(reason, attempt=delivery.attempts, since=delivery.received_at)
    if pause is None:
        return _close(delivery, Delivery.Status.FAILED, error)
    with tenancy.all_organizations():
        Delivery.objects.filter(pk=delivery.pk).update(
            error=error,
            next_attempt_at=timezone.now() + pause,
            attempts=delivery.attempts if retries.counts(reason) else delivery.attempts - 1,
        )
        queue.process_delivery(delivery.pk, delay=pause.total_seconds())
    logger.info("delivery.postponed", guid=delivery.guid, seconds=pause.total_seconds(), error=error)


def _pong(delivery: Delivery) -> None:
    """GitHub's greeting asks for nothing but the 202 that it got."""


HANDLERS: dict[tuple[str, str], Handler] = {
    ("ping", ""): _pong,
    ("installation", "created"): installations.changed,
    ("installation", "deleted"): installations.changed,
    ("installation", "suspend"): installations.changed,
    ("installation", "unsuspend"): installations.changed,
    ("installation_repositories", "added"): installations.changed,
    ("installation_repositories", "removed"): installations.changed,
    ("workflow_run", "completed"): runs.completed,
    ("check_run", "rerequested"): analyses.rerequested,
}
