"""Batch reads of single rows while they wait for a connection: the request that gets one sends one statement for all.

`database/pool/waiting_line.py` holds the waiting requests. A request that finds a free connection reads alone at once,
and none joins a statement that was already sent, so no response is older than its request.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Dialect, Integer, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.pool.waiting_line import RowRead
from dovetail.database.prepared_reads import DriverConnection, PoolSource
from dovetail.resources.sql.statements import PreparedStatement, Row

Rows: TypeAlias = Sequence[Row]


@dataclass(frozen=True, eq=False)
class ReadTogether:
    """A read of one row: `alone` takes its key, `several` a list of keys, both as the placeholder `parameter`.

    Both return the same columns, among them the key at position `place`.
    """

    alone: PreparedStatement
    several: PreparedStatement
    parameter: str
    place: int

    async def rows(self, source: PoolSource, pool: FairPool, key: Hashable, values: Sequence[object]) -> Rows:
        """Return the row for a viewer with these values: by an own connection, or from another request's batch.

        Raise SQLAlchemy's errors, as `PoolSource.connection` and `PreparedStatement.fetch` do.
        """
        read, queue = RowRead((source.engine, self, values), key), pool.idle
        try:
            taken = await pool.take_or_be_read_along(read)
            if taken is None:
                return read.rows
            connection = source.use(taken)
            found = await self._found(connection, queue.line.gather(read), values)
            if found is None:
                queue.release(read)
                found = await self._found(connection, [key], values) or {}
            queue.line.answer(read, found)
            return found.get(key, ())
        finally:
            queue.release(read)

    async def _found(
        self, connection: DriverConnection, keys: Sequence[Hashable], values: Sequence[object]
    ) -> dict[Hashable, Rows] | None:
        """Return the rows by key; None if the batch failed, whichever key caused it."""
        try:
            if len(keys) > 1:
                rows = await self.several.fetch(connection, {self.parameter: keys}, values)
            else:
                rows = await self.alone.fetch(connection, {self.parameter: keys[0]}, values)
        except DBAPIError as error:
            if len(keys) == 1 or error.connection_invalidated:
                raise
            return None
        return {row[self.place]: (row,) for row in rows}


def may_be_read_together(kind: TypeEngine[object], dialect: Dialect) -> bool:
    """Return True if keys of this type are equal in Python exactly if they are equal in the database."""
    if dialect.name != "postgresql" or not isinstance(kind, (Integer, Uuid)):
        return False
    return kind.python_type in {int, UUID}
