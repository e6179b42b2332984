"""The service's own addresses, and beside them the least that a view can do: the limit for the door."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    request.read()
    return HttpResponse(status=202)


urlpatterns = [path("bare", bare), path("", include("config.urls"))]
