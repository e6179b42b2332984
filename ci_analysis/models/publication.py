from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ci_analysis.models.analysis import Analysis
from ci_analysis.models.pull_request import PullRequest
from orgs.models import TenantModel


class PublicationQuerySet(models.QuerySet["Publication"]):
    def due(self, *, wanted_before: datetime) -> PublicationQuerySet:
        """Wanted, not published, and not asked to wait: what the sweeper enqueues again."""
        return self.filter(published__lt=F("wanted"), wanted_at__lt=wanted_before, failed=False).filter(
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=timezone.now())
        )


class Publication(TenantModel):
    """The outbox to GitHub: what shall stand there, committed before anything is sent.

    A comment belongs to a pull request, a check run to an analysis. `wanted` counts how often new content was asked
    for, `published` how far GitHub has it; the content itself is rendered when it is sent. The hidden marker in the
    comment and the check run's external id let a second try find what a first one left behind.
    """

    pull_request = models.OneToOneField(PullRequest, null=True, on_delete=models.CASCADE, related_name="comment")
    analysis = models.OneToOneField(Analysis, null=True, on_delete=models.CASCADE, related_name="check_run")
    wanted = models.PositiveIntegerField(default=1)
    wanted_at = models.DateTimeField(default=timezone.now)
    published = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True)
    github_id = models.BigIntegerField(null=True)
    html_url = models.URLField(max_length=500, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pull_request=None, analysis__isnull=False) | Q(pull_request__isnull=False, analysis=None),
                name="publication_has_one_subject",
            )
        ]
        indexes = [
            models.Index(fields=["wanted_at"], name="publication_open", condition=Q(published__lt=F("wanted"))),
        ]

    def __str__(self) -> str:
        return f"check run of {self.analysis}" if self.analysis_id else f"comment on {self.pull_request}"
