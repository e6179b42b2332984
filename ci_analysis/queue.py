"""Handing work to the worker, after the rows that describe it are committed.

A broker that is down loses nothing: the rows stand, and the sweeper enqueues what nobody took up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger("ci_analysis")

# Redis hands a message that waits longer than its visibility timeout to a second worker. What has to wait longer than
# this is not sent at all: the sweeper enqueues it when its time has come.
LONGEST_DELAY_SECONDS = 600


def process_delivery(delivery_id: int, *, delay: float = 0) -> None:
    _on_commit("ci_analysis.tasks.process_delivery", (delivery_id,), delay)


def analyze_run(org_id: int, analysis_id: int, *, delay: float = 0) -> None:
    _on_commit("ci_analysis.tasks.analyze_run", (org_id, analysis_id), delay)


def publish(org_id: int, publication_id: int, *, delay: float = 0) -> None:
    _on_commit("ci_analysis.tasks.publish", (org_id, publication_id), delay)


def _on_commit(task: str, args: tuple[int, ...], delay: float) -> None:
    if delay > LONGEST_DELAY_SECONDS:
        return
    send: Callable[[], None] = partial(_send, task, args, delay)
    transaction.on_commit(send)


def _send(task: str, args: tuple[int, ...], delay: float) -> None:
    try:
        current_app.send_task(task, args=args, countdown=delay or None, retry=False, ignore_result=True)
    except OperationalError as error:
        logger.warning("task.not_enqueued", task=task, args=args, error=str(error))
