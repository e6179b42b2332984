from django.db import models

from ci_analysis.models.installation import Installation
from orgs.models import TenantModel


class Repository(TenantModel):
    """A repository that an installation reaches, or reached: `removed_at` says since when not any more."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="repositories")
    github_id = models.BigIntegerField()
    full_name = models.CharField("owner/name", max_length=200)
    default_branch = models.CharField(max_length=255, blank=True)
    private = models.BooleanField(default=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "repositories"
        constraints = [
            models.UniqueConstraint(fields=["installation", "github_id"], name="repository_once"),
        ]

    def __str__(self) -> str:
        return self.full_name
