from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ci_analysis.models.run import Run
from orgs.models import TenantModel


class Problem(models.TextChoices):
    """Why an analysis ended without an answer, as a reader is told."""

    LOGS_UNAVAILABLE = "logs_unavailable", "None of the failed jobs' logs could be read."
    LOGS_NOT_READY = "logs_not_ready", "GitHub did not have the logs ready, however often we asked."
    INSTALLATION_INACTIVE = "inactive", "The FixCI App is suspended or no longer installed on this account."
    FORBIDDEN = "forbidden", "GitHub refuses access: the App lacks the permission to read Actions."
    APP_REFUSED = "app_refused", "GitHub refuses FixCI's own credentials. We have been told."
    RUN_GONE = "run_gone", "GitHub no longer has this run."
    GITHUB_UNAVAILABLE = "github_unavailable", "GitHub did not answer, however often we asked."
    NO_FAILURE_FOUND = "no_failure_found", "The logs were read, but nothing in them explains the failure."
    NO_FAILED_JOB = (
        "no_failed_job",
        "The run failed before any of its jobs ran: the workflow file may be invalid.",
    )
    INTERNAL = "internal", "FixCI itself failed. We have been told."


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def due(self, *, requested_before: datetime) -> AnalysisQuerySet:
        """What the sweeper enqueues again: never taken up, to be tried again, or held by a worker that died."""
        now = timezone.now()
        waiting = Q(status=Analysis.Status.QUEUED, requested_at__lt=requested_before)
        abandoned = Q(status=Analysis.Status.RUNNING, leased_until__lt=now)
        return self.filter(waiting | abandoned).filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))


class Analysis(TenantModel):
    """What we found out about one failed run attempt. One row, run again when somebody asks: `revision` counts."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="analysis")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    revision = models.PositiveIntegerField(default=1)
    requested_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    category = models.CharField(max_length=20, blank=True)
    problem = models.CharField(max_length=20, choices=Problem, blank=True)
    engine_version = models.CharField(max_length=20, blank=True)
    jobs_failed = models.PositiveIntegerField(default=0)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "analyses"
        indexes = [
            models.Index(fields=["org", "-requested_at", "-id"], name="analysis_org_newest"),
            models.Index(fields=["requested_at"], name="analysis_open", condition=Q(status__in=["queued", "running"])),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="failed", problem__gt="") | ~Q(status="failed"),
                name="analysis_failed_has_problem",
            )
        ]

    def __str__(self) -> str:
        return f"analysis {self.pk} of {self.run_id}"
