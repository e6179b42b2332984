from django.db import models

from ci_analysis.models.repository import Repository
from orgs.models import TenantModel


class PullRequest(TenantModel):
    """A pull request that had a failed run. `head_*` is the branch that it comes from, in a fork or here."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="pull_requests")
    number = models.PositiveIntegerField()
    head_owner = models.CharField(max_length=100)
    head_branch = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "number"], name="pull_request_once")]
        indexes = [models.Index(fields=["repository", "head_branch"], name="pull_request_head")]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"
