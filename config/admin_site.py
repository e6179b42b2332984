from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import reverse

from orgs import tenancy

ViewType = TypeVar("ViewType", bound=Callable[..., HttpResponseBase])


class FixciAdminSite(AdminSite):
    site_header = "FixCI operations"
    site_title = "FixCI operations"
    index_title = "Operations"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Operators sign in where everybody does: there are no passwords. Others are not told that this is here."""
        index = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or index)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our own applications first. The mirror of Stripe, forty tables long, comes last."""
        return sorted(super().get_app_list(request, app_label), key=lambda app: app["app_label"] == "djstripe")

    def admin_view(self, view: ViewType, cacheable: bool = False) -> ViewType:
        """The console sees all organizations. Pages are rendered inside, since afterwards no row is seen."""

        @wraps(view)
        def with_all_organizations(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with tenancy.all_organizations():
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return super().admin_view(cast(ViewType, with_all_organizations), cacheable)
