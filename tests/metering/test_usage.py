from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection

from metering.meters import Meter
from metering.models import UsageEvent
from metering.services import usage
from orgs import tenancy
from orgs.models import Organization
from orgs.services import organizations

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def org(db: None) -> Organization:
    return organizations.create(name="Halden", actor="test")


def record(org: Organization, quantity: int = 1, key: str = "analysis:1:1") -> None:
    with tenancy.organization(org.pk):
        usage.record(org=org, meter=Meter.ANALYSES, quantity=quantity, idempotency_key=key, occurred_at=AT)


def test_a_use_is_counted_once_for_each_key(org: Organization) -> None:
    record(org)
    record(org, quantity=5)
    record(org, key="analysis:2:1")
    with tenancy.organization(org.pk):
        assert list(UsageEvent.objects.order_by("pk").values_list("quantity", "idempotency_key")) == [
            (1, "analysis:1:1"),
            (1, "analysis:2:1"),
        ]


def test_two_organizations_may_use_the_same_key(org: Organization) -> None:
    other = organizations.create(name="Other", actor="test")
    record(org)
    record(other)
    with tenancy.all_organizations():
        assert UsageEvent.objects.count() == 2


@pytest.mark.parametrize("change", ["UPDATE metering_usageevent SET quantity = 0", "DELETE FROM metering_usageevent"])
def test_what_was_counted_is_never_changed(change: str, org: Organization) -> None:
    record(org)
    with pytest.raises(DatabaseError, match="append-only"), tenancy.organization(org.pk):
        connection.cursor().execute(change)
