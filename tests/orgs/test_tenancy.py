"""Row level security holds: without a context nothing is seen, with one only its organization's rows."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from accounts.models import User
from orgs import tenancy
from orgs.models import AuditEvent, Membership, Organization, Role, TenantModel
from orgs.services import organizations

# Rows of the service, seen in all_organizations() only.
SYSTEM_TABLES = {"ci_analysis.Delivery", "ci_analysis.GitHubApp"}
# Rows of no organization: people, Django's own, and dj-stripe's mirror, which only billing reads.
GLOBAL_APPS = {"accounts", "admin", "auth", "contenttypes", "sessions", "djstripe"}
# Who may see all organizations, and what for.
CALLERS = {
    "ci_analysis/services/deliveries.py",  # the inbox is of no organization yet
    "ci_analysis/services/github_app.py",  # the App's secrets are the service's own
    "ci_analysis/services/installations.py",  # finds the organization of a webhook
    "ci_analysis/tasks.py",  # the sweeper
    "config/admin_site.py",  # the operator's console
    "orgs/services/organizations.py",  # a new organization is in no context yet
}


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label not in GLOBAL_APPS]


def in_sql(query: str, *params: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


@pytest.fixture
def two_organizations(db: None) -> tuple[Organization, Organization]:
    return organizations.create(name="Alpha", actor="test"), organizations.create(name="Beta", actor="test")


@pytest.mark.django_db
def test_the_applications_role_cannot_bypass_row_security() -> None:
    assert in_sql("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]


@pytest.mark.django_db
@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_every_table_is_created_with_its_policy(model: type[models.Model]) -> None:
    is_tenants = issubclass(model, TenantModel | Organization | Membership)
    assert is_tenants or model._meta.label in SYSTEM_TABLES, "neither a TenantModel nor a system table"
    table = model._meta.db_table
    forced = in_sql("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table)
    assert forced == [(True, True)]
    ((using, check),) = in_sql(
        "SELECT qual, with_check FROM pg_policies WHERE tablename = %s AND policyname = 'tenant' AND cmd = 'ALL'", table
    )
    assert using == check
    assert "app.all_organizations" in using
    assert ("app.org_id" in using) == is_tenants


@pytest.mark.django_db
def test_no_other_policy_lets_anybody_write() -> None:
    policies = in_sql("SELECT tablename, cmd FROM pg_policies WHERE policyname <> 'tenant' ORDER BY 1")
    assert policies == [("orgs_membership", "SELECT"), ("orgs_organization", "SELECT")]


def test_only_the_listed_places_see_all_organizations() -> None:
    found = set()
    for app in ("accounts", "orgs", "billing", "metering", "ci_analysis", "config"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            tree = ast.parse(path.read_text())
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            if "all_organizations" in names:
                found.add(str(path.relative_to(settings.BASE_DIR)))
    assert found == CALLERS


def test_without_a_context_no_row_is_seen(two_organizations: tuple[Organization, Organization]) -> None:
    assert not Organization.objects.exists()
    assert not AuditEvent.objects.exists()
    assert in_sql("SELECT count(*) FROM orgs_auditevent") == [(0,)]
    with tenancy.all_organizations():
        assert AuditEvent.objects.count() == 2


def test_an_organization_sees_its_own_rows_only(two_organizations: tuple[Organization, Organization]) -> None:
    alpha, beta = two_organizations
    with tenancy.organization(alpha.pk):
        assert list(Organization.objects.all()) == [alpha]
        assert {event.org_id for event in AuditEvent.objects.all()} == {alpha.pk}
        assert not AuditEvent.objects.filter(org=beta).exists()


def test_writing_for_another_organization_is_refused(two_organizations: tuple[Organization, Organization]) -> None:
    alpha, beta = two_organizations
    with pytest.raises(DatabaseError, match="row-level security"), tenancy.organization(alpha.pk):
        AuditEvent.objects.create(org=beta, actor="test", action="break.in", target="x")
    with tenancy.organization(alpha.pk):
        assert Organization.objects.filter(pk=beta.pk).update(name="Taken over") == 0
        assert Organization.objects.filter(pk=beta.pk).delete()[0] == 0
    with tenancy.organization(beta.pk):
        assert Organization.objects.get().name == "Beta"


def test_writing_without_a_context_is_refused(two_organizations: tuple[Organization, Organization]) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        AuditEvent.objects.create(org=two_organizations[0], actor="test", action="break.in", target="x")


def test_an_inner_context_gives_way_to_the_outer_one(two_organizations: tuple[Organization, Organization]) -> None:
    alpha, beta = two_organizations
    with tenancy.organization(alpha.pk):
        with tenancy.all_organizations():
            assert Organization.objects.count() == 2
            with tenancy.organization(beta.pk):
                assert list(Organization.objects.all()) == [beta]
            assert Organization.objects.count() == 2
        assert list(Organization.objects.all()) == [alpha]
        with pytest.raises(ZeroDivisionError), tenancy.organization(beta.pk):
            raise ZeroDivisionError
        assert list(Organization.objects.all()) == [alpha]
    assert not Organization.objects.exists()


def test_a_user_may_read_the_own_memberships_and_write_none(two_organizations: tuple[Organization, ...]) -> None:
    alpha, beta = two_organizations
    alice, bob = User.objects.create_user("alice@example.com"), User.objects.create_user("bob@example.com")
    organizations.add_member(org=alpha, user=alice, role=Role.OWNER, actor="test")
    organizations.add_member(org=beta, user=bob, role=Role.OWNER, actor="test")
    with tenancy.memberships_of(alice.pk):
        assert [membership.user_id for membership in Membership.objects.all()] == [alice.pk]
        assert list(Organization.objects.of_member(alice)) == [alpha]
        assert Membership.objects.update(role=Role.VIEWER) == 0
        assert Organization.objects.update(name="Mine") == 0
        assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_pool_never_hands_on_a_context() -> None:
    ids = [organizations.create(name=f"Org {number}", actor="test").pk for number in range(4)]

    def visit(seed: int) -> int:
        random, wrong = Random(seed), 0
        for _ in range(60):
            wanted = random.choice([*ids, None])
            if wanted is None:
                wrong += Organization.objects.count() != 0
            else:
                with tenancy.organization(wanted):
                    wrong += list(Organization.objects.values_list("pk", flat=True)) != [wanted]
            connection.close()  # back to the pool, as at the end of a request
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(visit, range(8))) == 0


@pytest.mark.django_db(transaction=True)
def test_a_setting_of_the_session_would_leak_through_the_pool() -> None:
    """Why the context is set inside a transaction: the same, set for the session, is still there for the next one."""
    org = organizations.create(name="Leaky", actor="test")
    in_sql("SELECT set_config('app.org_id', %s, false)", str(org.pk))
    seen = 0
    for _ in range(20):
        connection.close()  # back to the pool, as at the end of a request
        seen += Organization.objects.count()
    connection.close()
    cast(DatabaseWrapper, connection).close_pool()
    assert seen > 0


@pytest.mark.parametrize("change", ["UPDATE orgs_auditevent SET actor = 'nobody'", "DELETE FROM orgs_auditevent"])
def test_audit_events_are_never_changed(change: str, two_organizations: tuple[Organization, ...]) -> None:
    with pytest.raises(DatabaseError, match="append-only"), tenancy.organization(two_organizations[0].pk):
        in_sql(change)
