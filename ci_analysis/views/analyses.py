from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ci_analysis.models import Analysis
from ci_analysis.pages import addresses, analysis_list
from ci_analysis.pages import analysis as analysis_page
from ci_analysis.services import analyses as service
from orgs.access import OrganizationRequest, organization_view
from orgs.models import Role


@organization_view()
@require_safe
def analyses(request: OrganizationRequest) -> HttpResponse:
    filters = analysis_list.Filters.of(request.GET)
    page = analysis_list.page(request.membership.org, filters, request.GET)
    first_use = not page.rows and not request.GET
    context = {
        "page": page,
        "filters": filters,
        "repositories": analysis_list.repositories(request.membership.org),
        "results": [(name, label) for name, (label, _) in analysis_list.RESULTS.items()],
        "categories": analysis_list.CATEGORIES,
        "first_use": first_use,
        "install_url": addresses.installation() if first_use else "",
        "github_url": settings.GITHUB_WEB_URL,
        "demo": settings.DEMO_SIGN_IN_EMAIL is not None,
    }
    return render(request, "ci_analysis/analyses.html", context)


@organization_view()
@require_safe
def analysis(request: OrganizationRequest, analysis_id: int) -> HttpResponse:
    found = get_object_or_404(
        Analysis.objects.select_related("run__repository"), pk=analysis_id, org=request.membership.org
    )
    context = {
        "page": analysis_page.build(found),
        "may_analyze_again": Role(request.membership.role).includes(Role.MEMBER),
    }
    return render(request, "ci_analysis/analysis.html", context)


@organization_view(Role.MEMBER)
@require_POST
def analyze_again(request: OrganizationRequest, analysis_id: int) -> HttpResponse:
    found = get_object_or_404(Analysis, pk=analysis_id, org=request.membership.org)
    service.again(org_id=found.org_id, analysis_id=found.pk, actor=f"user:{request.user.pk}")
    messages.info(request, "The logs are being read again. This page follows along.")
    return redirect("ci_analysis:analysis", org_slug=request.membership.org.slug, analysis_id=found.pk)
