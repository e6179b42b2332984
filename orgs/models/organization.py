from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def of_member(self, user: User) -> OrganizationQuerySet:
        """The user's organizations by name. Needs memberships_of(user) around it."""
        return self.filter(memberships__user=user).order_by("name", "pk")


class Organization(models.Model):
    """A tenant: its members share everything that carries its id."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60)
    # dj-stripe reads it from its subscriber model; empty until billing asks for it.
    email = models.EmailField("billing e-mail", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="organization_slug_unique_ignoring_case"),
        ]

    def __str__(self) -> str:
        return self.name
