from __future__ import annotations

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sign_in_links
from accounts.models import User

SESSION_BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """How to get in. POST signs in as the demo user, where the settings name one."""
    if request.method == "POST":
        return _sign_in_demo_user(request)
    if request.user.is_authenticated:
        return redirect(_next(request))
    return _sign_in_page(request)


@never_cache
@sensitive_post_parameters(sign_in_links.TOKEN)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest) -> HttpResponse:
    """GET asks, POST signs in: what only looks at links, such as a mail scanner, uses none up."""
    if request.method == "POST":
        user = sign_in_links.redeem(request, request.POST.get(sign_in_links.TOKEN, ""))
        if user is not None:
            return redirect(_next(request))
        return render(request, "accounts/link_unusable.html", status=410)
    token = request.GET.get(sign_in_links.TOKEN, "")
    user = sign_in_links.user_of(token)
    if user is None:
        return render(request, "accounts/link_unusable.html", status=410)
    context = {"person": user, "token_name": sign_in_links.TOKEN, "token": token, "next": _next(request)}
    return render(request, "accounts/sign_in_link.html", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _sign_in_demo_user(request: HttpRequest) -> HttpResponse:
    email = settings.DEMO_SIGN_IN_EMAIL
    user = User.objects.filter(email__iexact=email, is_active=True).first() if email else None
    if user is None:
        return _sign_in_page(request, status=403 if email is None else 503)
    auth.login(request, user, backend=SESSION_BACKEND)
    return redirect(_next(request))


def _sign_in_page(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    context = {
        "demo": settings.DEMO_SIGN_IN_EMAIL is not None,
        "demo_missing": status == 503,
        "next": _next(request),
        "minutes": settings.SESAME_MAX_AGE // 60,
    }
    return render(request, "accounts/sign_in.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: only to a page of this host."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
