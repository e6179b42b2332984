from django.db import models
from django.db.models.functions import Now

from orgs.models import TenantModel


class UsageEvent(TenantModel):
    """One thing used, written once and never changed: the truth in a dispute. Corrections are further events.

    `quantity` is a whole number in the meter's own unit. The database refuses a second row under one idempotency key,
    and any UPDATE or DELETE.
    """

    meter = models.CharField(max_length=40)
    quantity = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    properties = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "idempotency_key"], name="usage_event_once"),
        ]
        indexes = [models.Index(fields=["org", "meter", "occurred_at"], name="usage_event_org_meter_at")]

    def __str__(self) -> str:
        return f"{self.meter} {self.quantity} at {self.occurred_at:%Y-%m-%d %H:%M}"
