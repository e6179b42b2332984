from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import User
from orgs import tenancy
from orgs.models import AuditEvent, Membership, Organization, Role
from orgs.services import organizations


@pytest.mark.django_db
def test_a_taken_slug_gets_a_number() -> None:
    slugs = [organizations.create(name=name, actor="test").slug for name in ("Halden AS", "halden as", "Halden-AS")]
    assert slugs == ["halden-as", "halden-as-2", "halden-as-3"]


@pytest.mark.django_db
def test_a_name_without_letters_gets_a_slug_all_the_same() -> None:
    assert organizations.create(name="!!!", actor="test").slug == "organization"


@pytest.mark.django_db(transaction=True)
def test_many_organizations_of_one_name_at_once_get_a_slug_each() -> None:
    def create(number: int) -> str:
        try:
            return organizations.create(name="Rush", actor=f"test:{number}").slug
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(create, range(6)))) == 6


@pytest.mark.django_db
def test_adding_a_member_twice_keeps_the_first_role_and_is_audited_once() -> None:
    org = organizations.create(name="Halden", actor="test")
    alice = User.objects.create_user("alice@example.com")
    organizations.add_member(org=org, user=alice, role=Role.OWNER, actor="user:1")
    organizations.add_member(org=org, user=alice, role=Role.VIEWER, actor="user:1")
    with tenancy.organization(org.pk):
        assert Membership.objects.get().role == Role.OWNER
        event = AuditEvent.objects.get(action="member.added")
    assert (event.actor, event.target, event.data) == ("user:1", f"user:{alice.pk}", {"role": "owner"})


@pytest.mark.django_db
def test_organizations_of_one_person_come_by_name() -> None:
    alice = User.objects.create_user("alice@example.com")
    for name in ("Zeta", "Alpha"):
        org = organizations.create(name=name, actor="test")
        organizations.add_member(org=org, user=alice, role=Role.MEMBER, actor="test")
    organizations.create(name="Foreign", actor="test")
    with tenancy.memberships_of(alice.pk):
        assert [org.name for org in Organization.objects.of_member(alice)] == ["Alpha", "Zeta"]


def test_a_role_includes_those_below_it() -> None:
    assert Role.OWNER.includes(Role.VIEWER)
    assert Role.MANAGER.includes(Role.MANAGER)
    assert not Role.MEMBER.includes(Role.MANAGER)
