"""Row level security as migration operations. A tenant's table gets its policy in the migration that creates it.

`FORCE` makes the policy hold for the table's owner, which the application's role is. The settings are read in scalar
subqueries, so that they are evaluated once a statement and not once a row.
"""

from django.db.migrations.operations import RunSQL

_ORG = "(SELECT NULLIF(current_setting('app.org_id', true), '')::bigint)"
_USER = "(SELECT NULLIF(current_setting('app.user_id', true), '')::bigint)"
_ALL = "(SELECT current_setting('app.all_organizations', true) = 'on')"


def tenant_policy(table: str, *, column: str = "org_id") -> RunSQL:
    """Rows are seen and written in their own organization's context, or in all_organizations()."""
    return _policy(table, f"{column} = {_ORG} OR {_ALL}")


def system_policy(table: str) -> RunSQL:
    """Rows belong to the service, not to a tenant: seen and written in all_organizations() only."""
    return _policy(table, _ALL)


def own_memberships_policy(table: str) -> RunSQL:
    """In memberships_of(user) a user reads the own rows. For reading only, and beside the tenant's policy."""
    return _read_policy(table, f"user_id = {_USER}")


def own_organizations_policy(table: str, *, memberships: str) -> RunSQL:
    """In memberships_of(user) a user reads the organizations of the own memberships."""
    # Names of tables out of a migration, nothing that anybody sends.
    return _read_policy(table, f"id IN (SELECT org_id FROM {memberships} WHERE user_id = {_USER})")  # noqa: S608


def _policy(table: str, condition: str) -> RunSQL:
    return RunSQL(
        sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} USING ({condition}) WITH CHECK ({condition});
        """,
        reverse_sql=f"""
            DROP POLICY tenant ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def _read_policy(table: str, condition: str) -> RunSQL:
    return RunSQL(
        sql=f"CREATE POLICY own_rows ON {table} FOR SELECT USING ({condition})",
        reverse_sql=f"DROP POLICY own_rows ON {table}",
    )
