"""Calls as the App itself, authenticated by its private key, and the one call that makes a new App."""

from datetime import datetime
from types import TracebackType
from typing import Self

from ci_analysis.github.apps import (
    AppInfo,
    AppRegistration,
    HookDelivery,
    Installation,
    parse_app,
    parse_delivery,
    parse_installation,
    parse_registration,
)
from ci_analysis.github.connection import Connection, app_connection
from ci_analysis.github.credentials import Credentials
from ci_analysis.github.names import checked_code
from ci_analysis.github.reading import read, read_all


def convert_manifest(code: str, *, api_url: str) -> AppRegistration:
    """The App and its secrets for the code that GitHub sent back from its page. No authentication.

    Raises NotFound when the code was used or is older than an hour.
    """
    answer = Connection(api_url).request("POST", f"/app-manifests/{checked_code(code)}/conversions")
    return read(parse_registration, answer.json())


class AppClient:
    """Calls as the App. `with` keeps a connection open."""

    def __init__(self, credentials: Credentials) -> None:
        self._connection = app_connection(credentials)

    def __enter__(self) -> Self:
        self._connection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    def app(self) -> AppInfo:
        return read(parse_app, self._connection.get("/app"))

    def installations(self) -> tuple[Installation, ...]:
        return read_all(parse_installation, self._connection.pages("/app/installations"))

    def installation(self, installation_id: int) -> Installation:
        """Raises NotFound when the App is not installed there any more."""
        return read(parse_installation, self._connection.get(f"/app/installations/{installation_id}"))

    def failed_deliveries(self, since: datetime) -> tuple[HookDelivery, ...]:
        """Deliveries that failed since a moment, newest first, of each event only its newest failure.

        A later attempt may have come through: whoever asks knows by the `guid` what has arrived.
        """
        failed: dict[str, HookDelivery] = {}
        for item in self._connection.pages("/app/hook/deliveries", {"status": "failure"}):
            delivery = read(parse_delivery, item)
            if delivery.delivered_at < since:
                break
            failed.setdefault(delivery.guid, delivery)
        return tuple(failed.values())

    def redeliver(self, delivery_id: int) -> None:
        """Have GitHub send it again, under the same guid."""
        self._connection.request("POST", f"/app/hook/deliveries/{delivery_id}/attempts")
