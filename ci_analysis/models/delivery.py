from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, *, stored_before: datetime) -> DeliveryQuerySet:
        """Stored, never finished, and nobody has been asked to wait: what the sweeper enqueues again."""
        return self.filter(status=Delivery.Status.RECEIVED, received_at__lt=stored_before).filter(
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=timezone.now())
        )

    def hindered(self) -> DeliveryQuerySet:
        """Failed, or ignored for a reason: what may be processed again when somebody asks for it."""
        return self.filter(Q(status=Delivery.Status.FAILED) | Q(status=Delivery.Status.IGNORED) & ~Q(error=""))


class Delivery(models.Model):
    """GitHub's inbox: one row for each X-GitHub-Delivery, of no organization until it is processed.

    `payload` holds only the fields that processing needs (ci_analysis/payloads.py), not what GitHub sent.
    """

    class Status(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        IGNORED = "ignored"
        FAILED = "failed"

    guid = models.CharField("X-GitHub-Delivery", max_length=64, unique=True)
    event = models.CharField(max_length=64)
    action = models.CharField(max_length=64, blank=True)
    installation_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=10, choices=Status, default=Status.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["received_at"], name="delivery_open", condition=Q(status="received")),
            models.Index(fields=["-received_at"], name="delivery_received_at"),
        ]

    def __str__(self) -> str:
        return f"{self.event}.{self.action} {self.guid}" if self.action else f"{self.event} {self.guid}"
