"""What the worker does. Each task can run twice, and any of them can be killed between two lines."""

from __future__ import annotations

from datetime import timedelta

import structlog
from celery import shared_task
from celery.signals import worker_init
from django.conf import settings
from django.utils import timezone

from ci_analysis import engine, queue
from ci_analysis.exceptions import NotConfigured
from ci_analysis.models import Analysis, Delivery, Publication
from ci_analysis.services import analyses, deliveries, publications
from orgs import tenancy

logger = structlog.get_logger("ci_analysis")

SWEPT_AT_ONCE = 1000


@worker_init.connect
def _warm_up(**_: object) -> None:
    """Compile the engine's patterns, which takes a second, before the worker forks its processes."""
    engine.prepare()


@shared_task
def process_delivery(delivery_id: int) -> None:
    deliveries.process(delivery_id)


@shared_task
def analyze_run(org_id: int, analysis_id: int) -> None:
    analyses.analyze(org_id=org_id, analysis_id=analysis_id)


@shared_task
def publish(org_id: int, publication_id: int) -> None:
    publications.publish(org_id=org_id, publication_id=publication_id)


@shared_task
def sweep() -> None:
    """Enqueue what was stored and never finished: its message was lost, or its worker died."""
    before = timezone.now() - timedelta(seconds=settings.SWEEP_AFTER_SECONDS)
    with tenancy.all_organizations():
        open_deliveries = Delivery.objects.due(stored_before=before).order_by("received_at")
        for delivery_id in open_deliveries.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
            queue.process_delivery(delivery_id)
        open_analyses = Analysis.objects.due(requested_before=before).order_by("requested_at")
        for org_id, analysis_id in open_analyses.values_list("org_id", "pk")[:SWEPT_AT_ONCE]:
            queue.analyze_run(org_id, analysis_id)
        open_publications = Publication.objects.due(wanted_before=before).order_by("wanted_at")
        for org_id, publication_id in open_publications.values_list("org_id", "pk")[:SWEPT_AT_ONCE]:
            queue.publish(org_id, publication_id)


@shared_task
def request_redelivery() -> None:
    """Ask GitHub for deliveries that did not reach us. Without an App there are none."""
    try:
        deliveries.request_redelivery()
    except NotConfigured as reason:
        logger.info("delivery.redelivery_skipped", reason=str(reason))


@shared_task
def prune_deliveries() -> None:
    deliveries.prune()
