"""Do reads that arrive at the same time together: one request sends one statement for all.

Reads of single rows differ in their arguments; lists are read together only by requests for exactly the same page.
`database/pool/waiting_line.py` holds the waiting requests. A request that arrives while no connection is in use reads
alone at once, and none joins a statement that was already sent, so no response is older than its request.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from sqlalchemy import Boolean, Dialect, Enum, Integer, String, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.pool.waiting_line import Arguments, Read
from dovetail.database.prepared_reads import DriverConnection, PoolSource
from dovetail.resources.sql.statements import PreparedStatement, Row

Rows: TypeAlias = Sequence[Row]
# PostgreSQL's array type for the values of a column type.
LISTS = {Boolean: "boolean[]", Integer: "bigint[]", String: "text[]", Uuid: "uuid[]"}
PLACEHOLDER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)""")
UNCLEAR = re.compile(r"\\|--|/\*|\$(?!\d)|[\w$]\$")  # SQL that may hide a placeholder, or look like one


@dataclass(frozen=True, eq=False)
class ReadTogether:
    """A read: `alone` takes its arguments, `several` a list of each argument, for reads of one row.

    Both return the same columns; `several` adds one, the number of the read within the lists, which begins with 1.
    Without `several`, only reads with the same arguments are done together.
    """

    alone: PreparedStatement
    several: str | None = None

    async def rows(
        self, source: PoolSource, pool: FairPool, named: Mapping[str, object], positional: Sequence[object]
    ) -> Rows:
        """Return the rows: by a connection of its own, or from another request's batch.

        Raise SQLAlchemy's errors, as `PoolSource.connection` and `PreparedStatement.fetch` do.
        """
        arguments = self.alone.step(named, positional)[1]
        if self.several is None and not (pool.is_exhausted() and _is_hashable(arguments)):
            return await (await source.connection()).fetch(self.alone.sql, arguments)
        kind = (source.engine, self) if self.several is not None else (source.engine, self, arguments)
        read, queue = Read(kind, arguments), pool.idle
        try:
            taken = await pool.take_or_join_batch(read)
            if taken is None:
                return read.rows
            connection = source.use(taken)
            asked = queue.line.gather(read)
            queue.look_after(read)
            found = await self._found(connection, asked)
            if found is None:
                queue.release(read)
                found = await self._found(connection, [arguments]) or {}
            queue.line.answer(read, found)
            return found.get(arguments, ())
        finally:
            queue.release(read)

    async def _found(self, connection: DriverConnection, asked: Sequence[Arguments]) -> Mapping[Arguments, Rows] | None:
        """Return the rows by arguments; None if the batch failed, whichever arguments caused it."""
        if self.several is None or len(asked) == 1:
            return {asked[0]: await connection.fetch(self.alone.sql, asked[0])}
        try:
            rows: Rows = await connection.fetch(
                self.several, tuple([list(values) for values in zip(*asked, strict=True)])
            )
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return None
        found: dict[Arguments, list[Row]] = {}
        for row in rows:
            found.setdefault(asked[cast("int", row[-1]) - 1], []).append(row)
        return found


def read_together(alone: PreparedStatement, dialect: Dialect) -> ReadTogether | None:
    """Return the batched read; None if the database cannot batch it, or an argument is of a type without lists."""
    lists = [_list_of(kind) for kind in alone.kinds]
    if dialect.name != "postgresql" or alone.packed or not all(lists) or UNCLEAR.search(alone.sql):
        return None
    names = [f"value_{number}" for number in range(1, len(lists) + 1)]
    given = ", ".join(f"${number}::{kind}" for number, kind in enumerate(lists, 1))
    asked = f"unnest({given}) WITH ORDINALITY AS asked({', '.join(names)}, number)"
    one = PLACEHOLDER.sub(lambda found: f"asked.value_{found[1]}" if found[1] else found[0], alone.sql)
    several = f"SELECT found.*, asked.number FROM {asked} CROSS JOIN LATERAL ({one}) AS found"  # noqa: S608 - our own text
    return ReadTogether(alone, several)


def _is_hashable(arguments: Arguments) -> bool:
    try:
        hash(arguments)
    except TypeError:  # a list, of which PostgreSQL makes an array
        return False
    return True


def _list_of(kind: TypeEngine[object]) -> str | None:
    if isinstance(kind, Enum):  # PostgreSQL has a type of its own for each
        return None
    return next((name for known, name in LISTS.items() if isinstance(kind, known)), None)
