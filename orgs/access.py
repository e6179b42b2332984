"""Views of one organization: who may enter, and the context in which the view runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from accounts.models import User
from orgs import tenancy
from orgs.models import Membership, Role


class OrganizationRequest(HttpRequest):
    membership: Membership
    user: User


View = Callable[Concatenate[OrganizationRequest, ...], HttpResponse]


def organization_view(role: Role = Role.VIEWER) -> Callable[[View], Callable[..., HttpResponse]]:
    """A view under `<slug:org_slug>`: for members who have at least this role, in the organization's context.

    Everybody else gets 404, so that an outsider can't tell whether the organization exists. The response has to be
    rendered inside the view: after it the context is gone and rows are not seen.
    """

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def wrapper(request: HttpRequest, org_slug: str, **kwargs: Any) -> HttpResponse:
            membership = _membership(cast(User, request.user), org_slug)
            if not Role(membership.role).includes(role):
                raise Http404
            entered = cast(OrganizationRequest, request)
            entered.membership = membership
            with tenancy.organization(membership.org_id):
                return view(entered, **kwargs)

        return wrapper

    return decorate


def _membership(user: User, org_slug: str) -> Membership:
    with tenancy.memberships_of(user.pk):
        try:
            return Membership.objects.select_related("org").get(user=user, org__slug__iexact=org_slug)
        except Membership.DoesNotExist:
            raise Http404 from None
