"""What keeps SQLite's rows: foreign keys off while a table is made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection


@contextmanager
def foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Switch foreign keys off for a block; `connection` must not be in a transaction, where the switch is ignored.

    Alembic changes a table by making it anew and dropping the old one; with foreign keys on, the drop would delete
    every row that refers to it with ON DELETE CASCADE.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    before = pragma(connection, "PRAGMA foreign_keys").pop()[0]
    pragma(connection, "PRAGMA foreign_keys=off")
    try:
        yield
    finally:
        if connection.in_transaction():
            connection.rollback()
        pragma(connection, f"PRAGMA foreign_keys={before}")


def pragma(connection: Connection, statement: str) -> list[Any]:
    """Run a PRAGMA past SQLAlchemy, which would begin a transaction first, and return its rows."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        cursor.close()
