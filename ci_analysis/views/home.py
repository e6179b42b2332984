from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from ci_analysis.pages import addresses
from orgs import tenancy
from orgs.models import Organization


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The first organization's analyses; who belongs to none is told how to get one."""
    user = cast(User, request.user)
    with tenancy.memberships_of(user.pk):
        organization = Organization.objects.of_member(user).first()
    if organization is None:
        return render(request, "ci_analysis/welcome.html", {"install_url": addresses.installation()})
    return redirect("ci_analysis:analyses", org_slug=organization.slug)
