from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from orgs.models import AuditEvent, Membership, Organization, Role
from orgs.read_only_admin import ReadOnlyAdmin
from orgs.services import organizations


class MembersInline(admin.TabularInline[Membership, Organization]):
    model = Membership
    fields = ["user", "role", "created_at"]
    readonly_fields = ["user", "role", "created_at"]
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "org")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin[Organization]):
    list_display = ["name", "slug", "members", "created_at"]
    search_fields = ["name", "slug"]
    ordering = ["name"]
    inlines = [MembersInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    @admin.display(ordering="member_count")
    def members(self, row: Any) -> int:
        return int(row.member_count)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    """Who belongs where. A membership is added here; until there are invitations, this is how people get in."""

    list_display = ["user", "org", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "org"]
    search_fields = ["user__email", "org__name", "org__slug"]
    autocomplete_fields = ["user", "org"]
    fields = ["org", "user", "role"]

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: bool) -> None:
        added = organizations.add_member(
            org=obj.org, user=obj.user, role=Role(obj.role), actor=f"user:{request.user.pk}"
        )
        obj.pk = added.pk

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = ["at", "org", "actor", "action", "target"]
    list_filter = ["action"]
    list_select_related = ["org"]
    search_fields = ["actor", "target", "org__name"]
    ordering = ["-at", "-pk"]
    date_hierarchy = "at"
