"""Find full-text indexes that an earlier version of Dovetail created on PostgreSQL, and that no search uses any more.

PostgreSQL uses an index only for exactly the expression that it was created with, and otherwise scans the whole table:
the results are the same, but slower. The FTS5 tables on SQLite have not changed.
"""

from sqlalchemy import Connection, text

from dovetail.database.search.documents import MARKS, SHORT, read_expression, stored_columns

_INDEXES = text("""
    SELECT coalesce(nullif(schemaname, current_schema()) || '.', '') || indexname AS name, tablename, indexdef, ARRAY(
        SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(format('%I.%I', schemaname, tablename))
        AND attnum > 0 AND NOT attisdropped AND atttypmod BETWEEN 0 AND :short + 4  -- as it counts its own length
    ) AS short
    FROM pg_indexes
    WHERE indexdef LIKE '%USING gin ((%to_tsvector(%' OR indexdef LIKE '%USING gin (to_tsvector(%'
    ORDER BY schemaname, tablename, indexname
""")


def old_indexes(connection: Connection) -> dict[str, str]:
    """Return the old full-text indexes: the name of the table by the name of the index."""
    if connection.dialect.name != "postgresql":
        return {}
    found = connection.execute(_INDEXES, {"short": SHORT})
    return {row.name: row.tablename for row in found if _is_old(row.indexdef, set(row.short))}


def _is_old(written: str, short: set[str]) -> bool:
    document = read_expression(written)
    if document is None or not (document.translates or MARKS in written):  # an index that Dovetail did not create
        return False
    lengths = [(name, SHORT if name in short else None) for name in document.columns]
    return document.translates or document.stored != stored_columns(lengths, document.config)
