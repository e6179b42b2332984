from datetime import datetime
from typing import Any

from metering.meters import Meter
from metering.models import UsageEvent
from orgs.models import Organization


def record(
    *,
    org: Organization,
    meter: Meter,
    quantity: int,
    idempotency_key: str,
    occurred_at: datetime,
    properties: dict[str, Any] | None = None,
) -> None:
    """Count a use, once for each key. Belongs into the transaction that stores what was used: both or neither."""
    UsageEvent.objects.bulk_create(
        [
            UsageEvent(
                org=org,
                meter=meter.value,
                quantity=quantity,
                idempotency_key=idempotency_key,
                occurred_at=occurred_at,
                properties=properties or {},
            )
        ],
        ignore_conflicts=True,
    )
