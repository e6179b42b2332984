from django.db import models

from ci_analysis.models.analysis import Analysis
from ci_analysis.models.job import Job
from orgs.models import TenantModel


class Finding(TenantModel):
    """One failure in one job's log, as the engine found it: redacted, cleaned and bounded.

    `lines` is [[first, last], ...] in the whole log, 1-based and inclusive; `excerpt` is
    [{"number": int, "text": str, "evidence": bool}, ...]; `step_line` counts within the step, as GitHub's links do.
    """

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="findings")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="findings")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    category = models.CharField(max_length=20)
    confidence = models.DecimalField(max_digits=4, decimal_places=3)
    tool = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)
    suggestion = models.TextField(blank=True)
    file = models.CharField(max_length=500, blank=True)
    line = models.PositiveIntegerField(null=True)
    column = models.PositiveIntegerField(null=True)
    failed_tests = models.JSONField(default=list)
    lines = models.JSONField(default=list)
    step_line = models.PositiveIntegerField(null=True)
    excerpt = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        ordering = ["job_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "job", "position"], name="finding_position_once"),
        ]
        indexes = [models.Index(fields=["org", "fingerprint"], name="finding_fingerprint")]

    def __str__(self) -> str:
        return self.title
