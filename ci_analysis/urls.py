from django.urls import path

from ci_analysis import webhooks
from ci_analysis.views import analyses, github_app

app_name = "ci_analysis"

urlpatterns = [
    path("github/webhook", webhooks.github_webhook, name="github_webhook"),
    path("setup/github-app/", github_app.setup, name="github_app"),
    path("setup/github-app/created/", github_app.created, name="github_app_created"),
    path("o/<slug:org_slug>/", analyses.analyses, name="analyses"),
    path("o/<slug:org_slug>/analyses/<int:analysis_id>/", analyses.analysis, name="analysis"),
    path("o/<slug:org_slug>/analyses/<int:analysis_id>/again/", analyses.analyze_again, name="analyze_again"),
]
