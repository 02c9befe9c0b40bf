"""Check foreign keys on SQLite after a migration, which runs with foreign keys off.

Only tables that a migration wrote to, dropped or made anew are looked at, and those that refer to them, at its end and
before its COMMIT: an added column or an index costs nothing, however many rows there are.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, event

from dovetail.database.engine.urls import is_memory
from dovetail.errors import MigrationError
from dovetail.migrations.bridge.alembic_private import BATCH_PREFIX
from dovetail.migrations.history.ledger import BOOKS

Broken = Counter[tuple[str, str]]  # how many rows of a table refer to no row of another

_NAME = r'(?:"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|(\w+))'
_WRITES = re.compile(
    r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|"
    rf"DROP\s+TABLE(?:\s+IF\s+EXISTS)?|ALTER\s+TABLE)\s+(?:main\s*\.\s*)?{_NAME}",
    re.IGNORECASE,
)
_RENAMES = re.compile(rf"\s*ALTER\s+TABLE\s.*\sRENAME\s+TO\s+{_NAME}\s*$", re.IGNORECASE | re.DOTALL)
# These change no reference of a row. A default of an added column may, if the column is a foreign key.
_HARMLESS = re.compile(
    r"\s*(?:SELECT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|CREATE|EXPLAIN|ANALYZE|REINDEX|DROP\s+(?:INDEX|VIEW|TRIGGER)|"
    r"ALTER\s+TABLE\s+\S+\s+ADD\s+(?!.*\bREFERENCES\b)|ALTER\s+TABLE\s+\S+\s+RENAME\s+(?:COLUMN\s+)?(?!TO\b))",
    re.IGNORECASE | re.DOTALL,
)
_REFERENCES = """
SELECT DISTINCT m.name, f."table" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'
"""


class ReferenceCheck:
    """Watches what the migrations of a run write to; on PostgreSQL, which checks by itself, it does nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._touched: set[str] = set()
        self._is_unknown = False  # a statement was sent of which nobody knows what it wrote to

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for a block."""
        if self._connection.dialect.name != "sqlite":
            yield
            return
        event.listen(self._connection, "before_cursor_execute", self._note_statement)
        event.listen(self._connection, "rollback", self._forget)
        try:
            yield
        finally:
            event.remove(self._connection, "before_cursor_execute", self._note_statement)
            event.remove(self._connection, "rollback", self._forget)

    def check(self, *, ctx: MigrationContext, step: MigrationInfo, **_kwargs: object) -> None:
        """Raise MigrationError if rows refer to nothing; Alembic calls this as `on_version_apply`.

        Rows that were so before the migration are not its fault.
        """
        if ctx.as_sql or ctx.dialect.name != "sqlite":
            return
        tables = self._to_look_at()
        self._forget()
        broken = Counter(row for table in tables for row in self._broken(table))
        if broken and (new := broken - self._before(tables)):
            (table, parent), count = new.most_common(1)[0]
            raise MigrationError(
                f"{step.up_revision_id} leaves {count} row{'s' * (count > 1)} of {table} "
                f"that refer to no row of {parent}"
            )

    def _note_statement(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if _HARMLESS.match(statement):
            return
        found = [match for pattern in (_WRITES, _RENAMES) if (match := pattern.match(statement))]
        self._is_unknown = self._is_unknown or not found
        for match in found:
            self._touched.add(next(filter(None, match.groups())).replace('""', '"'))

    def _forget(self, _connection: object = None) -> None:
        self._touched.clear()
        self._is_unknown = False

    def _to_look_at(self) -> list[str]:
        """Return the tables that were written to and are still there, and those that refer to what was written to."""
        touched = {name.lower() for name in self._touched - BOOKS if not name.startswith(BATCH_PREFIX)}
        if not touched and not self._is_unknown:
            return []
        references = [(str(row[0]), str(row[1]).lower()) for row in pragma(self._connection, _REFERENCES)]
        return sorted(
            {name for name, target in references if self._is_unknown or name.lower() in touched or target in touched}
        )

    def _broken(self, table: str) -> list[tuple[str, str]]:
        return [(str(row[0]), str(row[2])) for row in pragma(self._connection, _check_of(table))]

    def _before(self, tables: list[str]) -> Broken:
        """Return what was broken before the transaction, as another connection still sees it."""
        url = self._connection.engine.url
        if is_memory(url):
            return Counter()
        found: Broken = Counter()
        with closing(sqlite3.connect(str(url.database))) as other:
            for table in tables:
                try:
                    found.update((str(row[0]), str(row[2])) for row in other.execute(_check_of(table)))
                except sqlite3.OperationalError:  # there was no such table, or one that refers to none
                    continue
        return found


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


def pragma(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Run a PRAGMA past SQLAlchemy, which would begin a transaction first, and return its rows."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def _check_of(table: str) -> str:
    quoted = table.replace('"', '""')
    return f'PRAGMA foreign_key_check("{quoted}")'
