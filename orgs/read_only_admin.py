from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(ModelAdmin[M]):
    """Rows that only the services write: an operator looks at them, and acts by the actions on the list."""

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[str]:
        """What a form leaves out, the organization above all, is shown too."""
        return [field.name for field in self.opts.fields if not field.editable]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """For actions, `permissions=["operate"]`: who may change such rows, though only through a service."""
        return super().has_change_permission(request)
