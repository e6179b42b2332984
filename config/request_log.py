from typing import Any

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware as StructlogRequestMiddleware


class RequestMiddleware(StructlogRequestMiddleware):
    """One log event when a request begins, one when it ends; without the query, where a sign-in link has its token."""

    @staticmethod
    def format_request(request: HttpRequest) -> Any:
        return f"{request.method} {request.path}"
