from typing import Any

from django.http import HttpRequest

from orgs import tenancy
from orgs.models import Organization


def organizations(request: HttpRequest) -> dict[str, Any]:
    """`organization`: the one whose page this is, if any. `own_organizations`: the user's, for the switcher, read
    when a template asks for it."""
    membership = getattr(request, "membership", None)
    return {
        "organization": membership.org if membership else None,
        "own_organizations": lambda: _own_organizations(request),
    }


def _own_organizations(request: HttpRequest) -> list[Organization]:
    if not request.user.is_authenticated:
        return []
    with tenancy.memberships_of(request.user.pk):
        return list(Organization.objects.of_member(request.user))
