"""When to try again what may succeed later."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from ci_analysis import github


def pause(error: github.GitHubError | None, *, attempt: int, since: datetime) -> timedelta | None:
    """How long to wait before the next attempt; None: it is time to give up.

    `attempt` is the number of the one that failed, from 1; `since` is when the work was asked for; no error means one
    of our own. A GitHub that does not answer is waited for OUTAGE_SECONDS, everything else ANALYSIS_MAX_ATTEMPTS times.
    """
    if isinstance(error, github.RateLimited):
        return _as_told(error, attempt)
    if isinstance(error, github.Unavailable):
        return _through_an_outage(since)
    if attempt >= settings.ANALYSIS_MAX_ATTEMPTS or not (error is None or error.retryable or _may_appear(error)):
        return None
    return _jittered(settings.ANALYSIS_RETRY_BASE_SECONDS * 2 ** min(attempt - 1, 20))


def counts(error: github.GitHubError | None) -> bool:
    """Whether the attempt counts. Waiting for GitHub, as told or through an outage, is no failed attempt."""
    return not isinstance(error, github.RateLimited | github.Unavailable)


def _may_appear(error: github.GitHubError) -> bool:
    """What GitHub's webhook speaks of may not be known to all of its servers yet."""
    return isinstance(error, github.NotFound) and not isinstance(error, github.NotInstalled)


def _as_told(error: github.RateLimited, attempt: int) -> timedelta:
    """Never earlier than GitHub said; jitter on top."""
    told = timedelta(seconds=error.retry_after or 60)
    return told + _jittered(settings.ANALYSIS_RETRY_BASE_SECONDS * attempt)


def _through_an_outage(since: datetime) -> timedelta | None:
    """Half of what has been waited already: it grows by itself, without a counter."""
    waited = (timezone.now() - since).total_seconds()
    return None if waited > settings.OUTAGE_SECONDS else _jittered(waited / 2)


def _jittered(seconds: float) -> timedelta:
    """Between the shortest and the longest pause, less up to half of it, so that not all come back at once."""
    base, longest = settings.ANALYSIS_RETRY_BASE_SECONDS, settings.ANALYSIS_RETRY_MAX_SECONDS
    spread = random.uniform(0.5, 1.0)  # noqa: S311  # spreading load, not a secret
    return timedelta(seconds=min(longest, max(base, seconds)) * spread)
