"""Rate limits: the headers of every answer, and the two kinds of refusal, switched on by a test."""

from datetime import timedelta

from .errors import Refused
from .state import now

PER_HOUR = 5000
DOCUMENTATION = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"


class Limits:
    """Counts per caller (an installation's id, or "app"), in windows of an hour."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._resets: dict[str, int] = {}
        self._exhausted_until = 0
        self._exhausted_status = 403
        self._secondary: list[tuple[int, int]] = []

    def exhaust(self, *, seconds: int = 60, status: int = 403) -> None:
        """The primary limit is reached: every call is refused until `seconds` from now."""
        self._exhausted_until = _timestamp() + seconds
        self._exhausted_status = status

    def refuse_secondary(self, *, times: int = 1, retry_after: int = 30, status: int = 403) -> None:
        """The next `times` calls meet a secondary limit, with a retry-after header."""
        self._secondary += [(retry_after, status)] * times

    def restore(self) -> None:
        self._exhausted_until = 0
        self._secondary.clear()

    def count(self, caller: str) -> None:
        """One more call. Raises Refused (403 or 429) where a limit is switched on."""
        if self._secondary:
            retry_after, status = self._secondary.pop(0)
            raise Refused(
                status,
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                headers={"Retry-After": str(retry_after)},
                documentation=f"{DOCUMENTATION}#about-secondary-rate-limits",
            )
        if _timestamp() < self._exhausted_until:
            raise Refused(
                self._exhausted_status,
                f"API rate limit exceeded for installation ID {caller}.",
                documentation=DOCUMENTATION,
            )
        if self._resets.get(caller, 0) <= _timestamp():
            self._resets[caller] = int((now() + timedelta(hours=1)).timestamp())
            self._used[caller] = 0
        self._used[caller] += 1

    def figures(self, caller: str) -> dict[str, int]:
        """limit, remaining, reset (a Unix time) and used."""
        if _timestamp() < self._exhausted_until:
            return {"limit": PER_HOUR, "remaining": 0, "reset": self._exhausted_until, "used": PER_HOUR}
        used = min(self._used.get(caller, 0), PER_HOUR)
        reset = self._resets.get(caller, _timestamp() + 3600)
        return {"limit": PER_HOUR, "remaining": PER_HOUR - used, "reset": reset, "used": used}

    def headers(self, caller: str) -> dict[str, str]:
        figures = {f"X-RateLimit-{name.title()}": str(value) for name, value in self.figures(caller).items()}
        return {**figures, "X-RateLimit-Resource": "core"}


def _timestamp() -> int:
    return int(now().timestamp())
