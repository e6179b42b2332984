"""The console's view of the main job: runs, their analyses, and what was posted."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest

from ci_analysis.admin import rows
from ci_analysis.models import Analysis, Finding, Job, Publication, Run
from ci_analysis.services import analyses
from orgs.read_only_admin import ReadOnlyAdmin


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin[Analysis]):
    list_display = ["requested_at", "org", "repository", "of_run", "status", "category", "why", "attempts", "found"]
    list_filter = ["status", "category", "problem", "engine_version"]
    list_select_related = ["org", "run__repository"]
    search_fields = ["org__name", "run__repository__full_name", "run__github_id", "run__head_branch"]
    ordering = ["-requested_at", "-pk"]
    date_hierarchy = "requested_at"
    actions = ["analyse_again"]

    @admin.display(ordering="run__repository__full_name")
    def repository(self, row: Analysis) -> str:
        return rows.link(row.run.repository)

    @admin.display(description="run")
    def of_run(self, row: Analysis) -> str:
        return rows.link(row.run)

    @admin.display(ordering="problem")
    def why(self, row: Analysis) -> str:
        """The problem's short name: its sentence would fill the list."""
        return row.problem

    @admin.display
    def found(self, row: Analysis) -> str:
        return rows.list_link(Finding, "findings", analysis__id__exact=row.pk)

    @admin.action(description="Analyse again (finished ones)", permissions=["operate"])
    def analyse_again(self, request: HttpRequest, chosen: QuerySet[Analysis]) -> None:
        for org_id, pk in chosen.values_list("org_id", "pk"):
            analyses.again(org_id=org_id, analysis_id=pk, actor=f"user:{request.user.pk}")
        self.message_user(request, "Those that were finished are analysed again.", messages.SUCCESS)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = ["__str__", "org", "of_repository", "head_branch", "event", "conclusion", "started_at", "of_jobs"]
    list_filter = ["conclusion", "event"]
    list_select_related = ["org", "repository"]
    search_fields = ["github_id", "repository__full_name", "head_branch", "head_sha"]
    ordering = ["-pk"]

    @admin.display(description="repository", ordering="repository__full_name")
    def of_repository(self, row: Run) -> str:
        return rows.link(row.repository)

    @admin.display(description="jobs")
    def of_jobs(self, row: Run) -> str:
        return rows.list_link(Job, "jobs", run__id__exact=row.pk)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin[Job]):
    list_display = ["name", "org", "of_run", "conclusion", "failed_step", "log_outcome", "log_bytes", "log_lines"]
    list_filter = ["log_outcome", "conclusion"]
    list_select_related = ["org", "run"]
    search_fields = ["github_id", "name", "run__github_id"]
    ordering = ["-pk"]

    @admin.display(description="run")
    def of_run(self, row: Job) -> str:
        return rows.link(row.run)


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin[Finding]):
    list_display = ["title", "org", "category", "confidence", "tool", "of_job", "of_analysis", "fingerprint"]
    list_filter = ["category", "tool"]
    list_select_related = ["org", "job", "analysis"]
    search_fields = ["title", "fingerprint", "file"]
    ordering = ["-pk"]

    @admin.display(description="job")
    def of_job(self, row: Finding) -> str:
        return rows.link(row.job)

    @admin.display(description="analysis")
    def of_analysis(self, row: Finding) -> str:
        return rows.link(row.analysis)


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "on its way"), ("failed", "could not be posted"), ("shown", "shown")]

    def queryset(self, request: HttpRequest, chosen: QuerySet[Publication]) -> QuerySet[Publication]:
        if self.value() == "open":
            return chosen.filter(published__lt=F("wanted"), failed=False)
        if self.value() == "failed":
            return chosen.filter(failed=True)
        if self.value() == "shown":
            return chosen.filter(published__gte=F("wanted"))
        return chosen


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin[Publication]):
    list_display = ["subject", "org", "wanted", "published", "published_at", "failed", "attempts", "error", "html_url"]
    list_filter = [StateFilter]
    list_select_related = ["org", "pull_request__repository", "analysis"]
    search_fields = ["org__name", "github_id", "pull_request__repository__full_name"]
    ordering = ["-wanted_at", "-pk"]

    @admin.display
    def subject(self, row: Publication) -> str:
        return rows.link(row.pull_request or row.analysis)
