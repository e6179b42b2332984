from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from orgs import tenancy
from orgs.models import AuditEvent, Membership, Organization, Role

_SLUG_TRIES = 50


def create(*, name: str, actor: str) -> Organization:
    """A new organization without members. Its slug is made from the name; a taken one gets a number."""
    base = slugify(name)[:50] or "organization"
    with tenancy.all_organizations():
        org = _create_with_free_slug(name, base)
        AuditEvent.objects.create(org=org, actor=actor, action="organization.created", target=f"organization:{org.pk}")
        return org


def add_member(*, org: Organization, user: User, role: Role, actor: str) -> Membership:
    """Make the user a member with this role. Done before: the membership as it is, its role unchanged."""
    with tenancy.organization(org.pk):
        membership, created = Membership.objects.get_or_create(org=org, user=user, defaults={"role": role})
        if created:
            AuditEvent.objects.create(
                org=org,
                actor=actor,
                action="member.added",
                target=f"user:{user.pk}",
                data={"role": role.value},
            )
        return membership


def _create_with_free_slug(name: str, base: str) -> Organization:
    for number in range(1, _SLUG_TRIES):
        slug = base if number == 1 else f"{base}-{number}"
        try:
            with transaction.atomic():
                return Organization.objects.create(name=name, slug=slug)
        except IntegrityError:
            continue
    raise IntegrityError(f"no free slug for {base!r} after {_SLUG_TRIES} tries")
