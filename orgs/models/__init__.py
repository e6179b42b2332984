from orgs.models.audit_event import AuditEvent
from orgs.models.membership import Membership, Role
from orgs.models.organization import Organization
from orgs.models.tenant import TenantModel

__all__ = ["AuditEvent", "Membership", "Organization", "Role", "TenantModel"]
