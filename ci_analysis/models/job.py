from __future__ import annotations

from django.db import models

from ci_analysis.models.run import Run
from orgs.models import TenantModel


class LogOutcome(models.TextChoices):
    """What became of a job's log. A reader is told each of them but READ."""

    READ = "read", "read"
    TRUNCATED = "truncated", "longer than we read: a part of it was not searched"
    GONE = "gone", "deleted: GitHub keeps logs for a limited time"
    MISSING = "missing", "GitHub has no log of this job"
    FORBIDDEN = "forbidden", "GitHub refuses the log: the App lacks the permission to read Actions"
    REFUSED = "refused", "GitHub's link leads to a host that is not on the list of allowed ones"
    UNREACHABLE = "unreachable", "GitHub's log store did not answer, however often we asked"
    SKIPPED = "skipped", "not read: too many jobs of this run failed"
    NO_RUNNER = "no_runner", "no log: the job never got a runner"


class Job(TenantModel):
    """A failed job of a run, and what became of its log. The log itself is not kept."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="jobs")
    github_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    conclusion = models.CharField(max_length=20)
    html_url = models.URLField(max_length=500)
    failed_step = models.CharField(max_length=255, blank=True)
    failed_step_number = models.PositiveIntegerField(null=True)
    log_outcome = models.CharField(max_length=12, choices=LogOutcome, blank=True)
    log_bytes = models.BigIntegerField(default=0)
    log_lines = models.BigIntegerField(default=0)
    redactions = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "github_id"], name="job_once")]

    def __str__(self) -> str:
        return self.name
