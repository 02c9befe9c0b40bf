"""Find the indexes of words that an earlier Dovetail made on PostgreSQL, and that no search uses any more.

PostgreSQL takes an index only for the very expression that it was made of, and reads the whole table otherwise: what is
found is the same, in more time. SQLite has tables of words, which are as they were.
"""

from sqlalchemy import Connection, text

from dovetail.database.search.search_tables import read_expression

_INDEXES = text("""
    SELECT coalesce(nullif(schemaname, current_schema()) || '.', '') || indexname, tablename, indexdef FROM pg_indexes
    WHERE indexdef LIKE '%USING gin (to_tsvector(%' ORDER BY schemaname, tablename, indexname
""")


def old_indexes(connection: Connection) -> dict[str, str]:
    """Return the table of each index of words of the old kind, by the index's name."""
    if connection.dialect.name != "postgresql":
        return {}
    found = [(name, table, read_expression(written)) for name, table, written in connection.execute(_INDEXES)]
    return {name: table for name, table, document in found if document is not None and document.translates}
