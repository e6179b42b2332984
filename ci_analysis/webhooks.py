"""The door for GitHub's webhooks: verify, store, enqueue, answer. No work happens here."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ci_analysis import payloads
from ci_analysis.services import deliveries, github_app

logger = structlog.get_logger("ci_analysis")

# GitHub sends a UUID and a name of small letters; nothing else may become a key of the inbox.
_PLAIN = re.compile(r"[!-~]{1,64}")


@csrf_exempt
@require_POST
def github_webhook(request: HttpRequest) -> HttpResponse:
    """202 once the delivery is stored, also for a repeated one and for events that we ignore.

    400 header or JSON missing, 401 signature, 413 over 25 MB, 415 not JSON, 503 when it could not be stored: GitHub
    then lists the delivery as failed, and request_redelivery asks for it again. A refused one leaves no row.
    """
    body = request.read(settings.GITHUB_WEBHOOK_MAX_BYTES + 1)
    if len(body) > settings.GITHUB_WEBHOOK_MAX_BYTES:
        return _refuse(413, f"the body is larger than {settings.GITHUB_WEBHOOK_MAX_BYTES} bytes")
    try:
        return _receive(request, body)
    except DatabaseError:
        logger.exception("delivery.not_stored", guid=request.headers.get("X-GitHub-Delivery", "")[:64])
        return _refuse(503, "the delivery could not be stored; send it again")


def _receive(request: HttpRequest, body: bytes) -> HttpResponse:
    if not signed_by_github(body, request.headers.get("X-Hub-Signature-256", "")):
        return _refuse(401, "X-Hub-Signature-256 is missing or does not match the body")
    if request.content_type != "application/json":
        return _refuse(415, "the webhook's content type has to be application/json")
    guid, event = request.headers.get("X-GitHub-Delivery", ""), request.headers.get("X-GitHub-Event", "")
    if not (_PLAIN.fullmatch(guid) and _PLAIN.fullmatch(event)):
        return _refuse(400, "X-GitHub-Delivery and X-GitHub-Event have to be there, of at most 64 plain characters")
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return _refuse(400, "the body is not JSON")
    if not isinstance(payload, dict):
        return _refuse(400, "the body is not a JSON object")
    stored = deliveries.store(guid=guid, event=event, payload=payloads.keep(event, payload))
    return JsonResponse({"delivery": guid, "status": "stored" if stored else "known"}, status=202)


def signed_by_github(body: bytes, signature: str) -> bool:
    """HMAC-SHA256 of the raw bytes under the App's webhook secret, compared in constant time. No secret: never."""
    secret = github_app.webhook_secret()
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.encode())


def _refuse(status: int, reason: str) -> HttpResponse:
    logger.warning("delivery.refused", status=status, reason=reason)
    return JsonResponse({"error": reason}, status=status)
