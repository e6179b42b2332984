from __future__ import annotations

from django.db import models
from django.utils import timezone

from orgs.models import TenantModel


class Installation(TenantModel):
    """The App on one GitHub account. Its state is what GitHub says when asked, not what an event said."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DELETED = "deleted"

    github_id = models.BigIntegerField(unique=True)
    account_id = models.BigIntegerField(db_index=True)
    account_login = models.CharField(max_length=100)
    account_type = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.account_login} ({self.github_id})"
