"""The console's view of GitHub: what was delivered, where the App is installed, and the App itself."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from ci_analysis.admin import rows
from ci_analysis.models import Delivery, GitHubApp, Installation, PullRequest, Repository
from ci_analysis.services import deliveries
from orgs.read_only_admin import ReadOnlyAdmin


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ["received_at", "event", "action", "status", "attempts", "installation_id", "error", "guid"]
    list_filter = ["status", "event"]
    search_fields = ["guid", "installation_id"]
    ordering = ["-received_at", "-pk"]
    date_hierarchy = "received_at"
    actions = ["process_again"]

    @admin.action(description="Process again (failed ones)", permissions=["operate"])
    def process_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        actor = f"user:{request.user.pk}"
        results = [deliveries.reopen(delivery_id=pk, actor=actor) for pk in chosen.values_list("pk", flat=True)]
        done = sum(results)
        self.message_user(request, f"{done} will be processed again.", messages.SUCCESS if done else messages.WARNING)
        if done < len(results):
            self.message_user(request, f"{len(results) - done} had not failed and are left alone.", messages.WARNING)


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin[Installation]):
    list_display = [
        "account_login",
        "account_type",
        "status",
        "organization",
        "github_id",
        "repositories",
        "created_at",
    ]
    list_filter = ["status", "account_type"]
    list_select_related = ["org"]
    search_fields = ["account_login", "github_id", "org__name"]
    ordering = ["account_login"]

    @admin.display(ordering="org__name")
    def organization(self, row: Installation) -> str:
        return rows.link(row.org)

    @admin.display
    def repositories(self, row: Installation) -> str:
        return rows.list_link(Repository, "repositories", installation__id__exact=row.pk)


@admin.register(Repository)
class RepositoryAdmin(ReadOnlyAdmin[Repository]):
    list_display = ["full_name", "org", "of_installation", "private", "default_branch", "removed_at"]
    list_filter = ["private", ("removed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["org", "installation"]
    search_fields = ["full_name", "github_id", "org__name"]
    ordering = ["full_name"]

    @admin.display(description="installation", ordering="installation__account_login")
    def of_installation(self, row: Repository) -> str:
        return rows.link(row.installation)


@admin.register(PullRequest)
class PullRequestAdmin(ReadOnlyAdmin[PullRequest]):
    list_display = ["__str__", "org", "head_owner", "head_branch"]
    list_select_related = ["org", "repository"]
    search_fields = ["repository__full_name", "number", "head_branch"]
    ordering = ["-pk"]


@admin.register(GitHubApp)
class GitHubAppAdmin(ReadOnlyAdmin[GitHubApp]):
    """Its keys are shown to nobody."""

    list_display = ["slug", "app_id", "client_id", "created_at"]
    fields = ["slug", "app_id", "client_id", "created_at"]
