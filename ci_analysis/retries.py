"""When to try again what may succeed later."""

from __future__ import annotations

import random
from datetime import timedelta

from django.conf import settings


def delay(attempt: int, *, wanted: float | None = None) -> timedelta:
    """How long to wait after the attempt of this number (from 1): doubling, capped, with jitter of up to half.

    `wanted` are the seconds that GitHub told us to wait. We never come back earlier; jitter is added on top.
    """
    backoff = min(settings.ANALYSIS_RETRY_MAX_SECONDS, settings.ANALYSIS_RETRY_BASE_SECONDS * 2 ** min(attempt - 1, 20))
    jitter = random.uniform(0.5, 1.0)  # noqa: S311  # spreading load, not a secret
    if wanted is not None and wanted >= backoff * jitter:
        return timedelta(seconds=wanted + backoff * (1 - jitter))
    return timedelta(seconds=backoff * jitter)
