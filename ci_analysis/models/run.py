from __future__ import annotations

from django.db import models

from ci_analysis.models.pull_request import PullRequest
from ci_analysis.models.repository import Repository
from orgs.models import TenantModel


class RunQuerySet(models.QuerySet["Run"]):
    def of(self, pull_request: PullRequest) -> RunQuerySet:
        """Runs of the branch that the pull request comes from, a fork's included."""
        return self.filter(
            org_id=pull_request.org_id,
            repository=pull_request.repository_id,
            head_owner=pull_request.head_owner,
            head_branch=pull_request.head_branch,
        )

    def newest_of_each_workflow(self) -> RunQuerySet:
        """The last attempt of the last run, whatever order the deliveries came in: GitHub's run ids only grow.

        A workflow that runs on push and on pull_request counts twice: the two check out different commits.
        """
        return self.order_by("workflow_id", "event", "-github_id", "-attempt").distinct("workflow_id", "event")


class Run(TenantModel):
    """One attempt of a GitHub Actions workflow run. (repository, run, attempt) is one failure to explain."""

    FAILED_CONCLUSIONS = ("failure", "timed_out", "startup_failure")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="runs")
    github_id = models.BigIntegerField()
    attempt = models.PositiveIntegerField()
    workflow_id = models.BigIntegerField()
    workflow_name = models.CharField(max_length=255)
    event = models.CharField(max_length=64)
    head_owner = models.CharField(max_length=100, blank=True)
    head_branch = models.CharField(max_length=255, blank=True)
    head_sha = models.CharField(max_length=64)
    conclusion = models.CharField(max_length=20)
    html_url = models.URLField(max_length=500)
    started_at = models.DateTimeField(null=True)
    # Of the pull requests that the event named, those into this repository. Empty for forks.
    pull_request_numbers = models.JSONField(default=list)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "github_id", "attempt"], name="run_attempt_once"),
        ]
        indexes = [
            models.Index(fields=["repository", "head_branch", "head_owner"], name="run_of_branch"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.github_id}.{self.attempt}"

    @property
    def failed(self) -> bool:
        return self.conclusion in self.FAILED_CONCLUSIONS
