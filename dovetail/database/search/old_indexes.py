"""Find the indexes of words that an earlier Dovetail made on PostgreSQL, and that no search uses any more.

PostgreSQL takes an index only for the very expression that it was made of, and reads the whole table otherwise: what is
found is the same, in more time. SQLite has tables of words, which are as they were.
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
    """Return the table of each index of words of the old kind, by the index's name."""
    if connection.dialect.name != "postgresql":
        return {}
    found = connection.execute(_INDEXES, {"short": SHORT})
    return {row.name: row.tablename for row in found if _is_old(row.indexdef, set(row.short))}


def _is_old(written: str, short: set[str]) -> bool:
    document = read_expression(written)
    if document is None or not (document.translates or MARKS in written):  # somebody else's
        return False
    lengths = [(name, SHORT if name in short else None) for name in document.columns]
    return document.translates or document.stored != stored_columns(lengths, document.config)
