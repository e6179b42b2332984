"""Tables whose rows are never changed: the database refuses UPDATE and DELETE by trigger."""

from django.db.migrations.operations import RunSQL


def append_only(table: str) -> RunSQL:
    return RunSQL(
        sql=f"""
            CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{table} is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {table}_refuse_change();
        """,
        reverse_sql=f"""
            DROP TRIGGER append_only ON {table};
            DROP FUNCTION {table}_refuse_change();
        """,
    )
