from django.contrib import admin

from metering.models import UsageEvent
from orgs.read_only_admin import ReadOnlyAdmin


@admin.register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin[UsageEvent]):
    list_display = ["occurred_at", "org", "meter", "quantity", "idempotency_key"]
    list_filter = ["meter"]
    list_select_related = ["org"]
    search_fields = ["org__name", "org__slug", "idempotency_key"]
    ordering = ["-occurred_at", "-pk"]
    date_hierarchy = "occurred_at"
