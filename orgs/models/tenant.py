from django.db import models

from orgs.models.organization import Organization


class TenantModel(models.Model):
    """A row of one organization. Its table has the tenant policy of orgs/row_security.py; a test checks each."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", editable=False)

    class Meta:
        abstract = True
