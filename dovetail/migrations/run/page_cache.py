"""Enlarge SQLite's page cache while migrations run: they write large tables and indexes in one transaction.

With SQLite's own two megabytes, changed pages are written out, read and written again long before the COMMIT: a search
index of 40,000 posts wrote 542 MB, and with this room 177 MB. (https://www.sqlite.org/pragma.html#pragma_cache_size)
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from dovetail.migrations.run.foreign_keys import pragma

PAGE_CACHE = 64 * 1024  # kibibytes, at most; SQLite takes them as they are needed


@contextmanager
def large_page_cache(connection: Connection) -> Iterator[None]:
    """Let SQLite keep more pages in memory for a block; on PostgreSQL this does nothing."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = pragma(connection, "PRAGMA cache_size").pop()[0]
    pragma(connection, f"PRAGMA cache_size={-PAGE_CACHE}")
    try:
        yield
    finally:
        pragma(connection, f"PRAGMA cache_size={before}")
