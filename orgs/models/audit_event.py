from django.db import models
from django.utils import timezone

from orgs.models.tenant import TenantModel


class AuditEvent(TenantModel):
    """Who changed what. Strings and ids only, no foreign keys but the tenant's: nothing is kept from deletion by it.

    `actor` is "user:<id>", "github:<login>" or "system:<part>"; `target` is "<model>:<id>".
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=120)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["org", "-at"], name="audit_event_org_at")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
