from django.contrib import admin
from django.urls import include, path

from ci_analysis.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("ci_analysis.urls")),
    path("operate/", admin.site.urls),
]
