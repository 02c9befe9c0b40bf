"""What keeps SQLite's rows: foreign keys off while a table is made anew, and checked afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection

from project.migrations.errors import MigrationError


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


def foreign_key_checker(connection: Connection) -> Callable[..., None]:
    """A callback for Alembic's `on_version_apply` that refuses a migration after which rows refer to nothing.

    Rows that were so before the run are not the migration's fault.
    """
    before = _broken(connection) if connection.dialect.name == "sqlite" else Counter()

    def check(*, ctx: MigrationContext, step: MigrationInfo, **_kwargs: Any) -> None:
        if ctx.as_sql or ctx.dialect.name != "sqlite":
            return
        if new := _broken(connection) - before:
            (table, parent), count = new.most_common(1)[0]
            raise MigrationError(
                f"{step.up_revision_id} leaves {count} row{'s' * (count > 1)} of {table} "
                f"that refer to no row of {parent}"
            )

    return check


def _broken(connection: Connection) -> Counter[tuple[str, str]]:
    return Counter((str(row[0]), str(row[2])) for row in pragma(connection, "PRAGMA foreign_key_check"))


def pragma(connection: Connection, statement: str) -> list[Any]:
    """Run a PRAGMA past SQLAlchemy, which would begin a transaction first, and return its rows."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        cursor.close()
