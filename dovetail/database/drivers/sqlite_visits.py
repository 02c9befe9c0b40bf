"""Run a statement on SQLite by a single call to the thread of its connection.

SQLAlchemy's adapter of aiosqlite makes four: open a cursor, execute, fetch the rows, close. Each call wakes the thread
and then the event loop, which takes longer than a small statement. This module has all uses of that adapter's private
parts; tests/database/drivers/test_sqlite_visits.py fails when one of them changes.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias, cast

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncIODBAPIConnection, AsyncIODBAPICursor
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

from dovetail.database.drivers.aiosqlite_connections import visit

Values: TypeAlias = Sequence[object]


def single_call_driver() -> AsyncAdapt_aiosqlite_dbapi:
    """Return the `module` for `create_engine`: aiosqlite, adapted so that each statement takes one call."""
    return _Driver(aiosqlite, sqlite3)


class _Answer(NamedTuple):
    """The attributes of a closed cursor that SQLAlchemy still reads."""

    description: object = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def _make_new_cursor(self, connection: AsyncIODBAPIConnection) -> AsyncIODBAPICursor:  # noqa: ARG002 - as the class that this extends
        return cast("AsyncIODBAPICursor", _Answer())

    def _aenter_cursor(self, cursor: AsyncIODBAPICursor) -> AsyncIODBAPICursor:
        return cursor

    async def _execute_async(self, operation: str, parameters: object) -> None:
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001 - as the class that this extends
            self._keep(*await visit(self._connection, _execute, operation, cast("Values", parameters or ())))

    async def _executemany_async(self, operation: str, seq_of_parameters: object) -> None:
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001 - as above
            rows = cast("Iterable[Values]", seq_of_parameters)
            self._keep(*await visit(self._connection, _execute_many, operation, rows))

    async def _async_soft_close(self) -> None:
        """Do nothing: the cursor was already closed in the thread."""

    def close(self) -> None:
        self._rows.clear()

    def _keep(self, rows: Iterable[object], answer: _Answer) -> None:
        self._rows, self._cursor = deque(rows), cast("AsyncIODBAPICursor", answer)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: object, **kwargs: object) -> _Connection:
        made = super().connect(*args, **kwargs)
        return _Connection(self, made._connection)  # noqa: SLF001 - as above


def _execute(connection: sqlite3.Connection, statement: str, values: Values) -> tuple[Sequence[object], _Answer]:
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values)
        rows = cursor.fetchall() if cursor.description else ()
        return rows, _Answer(cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


def _execute_many(
    connection: sqlite3.Connection, statement: str, rows: Iterable[Values]
) -> tuple[Sequence[object], _Answer]:
    cursor = connection.cursor()
    try:
        cursor.executemany(statement, rows)
        return (), _Answer(None, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()
