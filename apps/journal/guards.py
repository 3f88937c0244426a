"""The triggers that make the journal append-only in the database itself, for PostgreSQL and SQLite.

Entry and Seal: insert only. Body: insert, and one update that empties it, naming an entry `body.erased` about this very
entry that nobody has sealed yet: an erasure is written in the transaction that empties the body, and the sealer sees
only what is committed, so an unsealed entry is as good as the same transaction.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("journal_entry", "journal_seal", "journal_body")

_PG_FUNCTIONS = """
CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'journal: % on % is refused, the log is append-only', TG_OP, TG_TABLE_NAME;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION journal_body_update() RETURNS trigger AS $$
BEGIN
    IF NEW.entry_id = OLD.entry_id AND OLD.content IS NOT NULL AND NEW.content IS NULL AND NEW.salt IS NULL
       AND EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = NEW.erased_by_id AND e.name = 'body.erased'
                   AND e.subject_type = 'journal.entry' AND e.subject_id = OLD.entry_id::text
                   AND NOT EXISTS (SELECT 1 FROM journal_seal s WHERE s.entry_id = e.id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'journal: UPDATE on journal_body is refused, only a lawful erasure may empty it';
END $$ LANGUAGE plpgsql;
"""

_PG_TRIGGERS = """
CREATE TRIGGER journal_entry_guard BEFORE UPDATE OR DELETE ON journal_entry FOR EACH ROW EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_entry_truncate BEFORE TRUNCATE ON journal_entry FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_seal_guard BEFORE UPDATE OR DELETE ON journal_seal FOR EACH ROW EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_seal_truncate BEFORE TRUNCATE ON journal_seal FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_body_guard BEFORE DELETE ON journal_body FOR EACH ROW EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_body_truncate BEFORE TRUNCATE ON journal_body FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
CREATE TRIGGER journal_body_update BEFORE UPDATE ON journal_body FOR EACH ROW EXECUTE FUNCTION journal_body_update();
"""


def _sqlite_refusal(table: str, operation: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table} BEGIN "
        f"SELECT RAISE(ABORT, 'journal: {operation} on {table} is refused, the log is append-only'); END"
    )


_SQLITE = [
    _sqlite_refusal("journal_entry", "UPDATE"),
    _sqlite_refusal("journal_entry", "DELETE"),
    _sqlite_refusal("journal_seal", "UPDATE"),
    _sqlite_refusal("journal_seal", "DELETE"),
    _sqlite_refusal("journal_body", "DELETE"),
    """CREATE TRIGGER journal_body_no_update BEFORE UPDATE ON journal_body
    WHEN NOT (NEW.entry_id = OLD.entry_id AND OLD.content IS NOT NULL AND NEW.content IS NULL AND NEW.salt IS NULL
        AND EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = NEW.erased_by_id AND e.name = 'body.erased'
            AND e.subject_type = 'journal.entry' AND e.subject_id = CAST(OLD.entry_id AS TEXT)
            AND NOT EXISTS (SELECT 1 FROM journal_seal s WHERE s.entry_id = e.id)))
    BEGIN SELECT RAISE(ABORT, 'journal: UPDATE on journal_body is refused, only a lawful erasure may empty it'); END""",
]
_SQLITE_NAMES = (
    "journal_entry_no_update", "journal_entry_no_delete", "journal_seal_no_update", "journal_seal_no_delete",
    "journal_body_no_delete", "journal_body_no_update",
)  # fmt: skip


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_PG_FUNCTIONS)
            cursor.execute(_PG_TRIGGERS)
        else:
            for statement in _SQLITE:
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for the reverse of the migration, and for `testing.unguarded`."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                for suffix in ("guard", "truncate"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{suffix} ON {table}")
            cursor.execute("DROP TRIGGER IF EXISTS journal_body_update ON journal_body")
        else:
            for name in _SQLITE_NAMES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
