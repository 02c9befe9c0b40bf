"""Count requests with GCRA in rows of the site's own database, for sites without Redis.

This module does not import the `limits` library, which would add 2 % to the time a server takes to start.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.throttling import statements
from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.statements import SECOND, Cell
from dovetail.contrib.throttling.storages import CellResult, GcraSupport
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.unit_of_work import Database


class DatabaseCells(GcraSupport):
    """Counts requests in rows, in a transaction of its own for each request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.engine.dialect

    async def take_cells(self, cells: Sequence[Cell]) -> Sequence[CellResult]:
        """Count a request in each cell: one statement, and a second one only if some of the cells refuse it."""
        async with self._database.unit_of_work() as session:
            rows = (await session.execute(*statements.take(self._dialect, cells))).all()
            if any(row.refused for row in rows) and not all(row.refused for row in rows):
                granted = {row.key for row in rows if not row.refused}
                back = statements.give_back(self._dialect, [cell for cell in cells if cell.key in granted])
                await session.execute(*back)
        found = {row.key: (row.until - row.now, bool(row.refused)) for row in rows}
        return [CellResult(cell, *found[cell.key]) for cell in cells]

    async def give_back_cells(
        self, cells: Sequence[Cell], remember: tuple[str, int] | None = None, session: AsyncSession | None = None
    ) -> None:
        """Undo the counting of a request, and remember a key; in the transaction of `session` if one is given."""
        if session is None:
            async with self._database.unit_of_work() as own:
                await self.give_back_cells(cells, remember, own)
            return
        if cells:
            await session.execute(*statements.give_back(self._dialect, cells))
        if remember is not None:
            key, seconds = remember
            await session.execute(statements.remember(self._dialect, key, seconds * SECOND))

    async def forget_keys(self, prefix: str, part: str) -> int:
        """Delete the keys that begin with `prefix` and contain `part`, and return how many there were."""
        found = delete(Bucket).where(
            Bucket.key.startswith(prefix, autoescape=True), Bucket.key.contains(part, autoescape=True)
        )
        async with self._database.unit_of_work() as session:
            return len((await session.execute(found.returning(Bucket.key), execution_options=NO_SYNCHRONIZATION)).all())

    async def remembers_key(self, key: str) -> bool:
        """Return True if the key is remembered."""
        return await self._ahead(key) > 0

    async def _ahead(self, key: str) -> int:
        clock = statements.now(self._dialect)
        async with self._database.unit_of_work(read_only=True) as session:
            return int(
                await session.scalar(select(Bucket.until - clock).where(Bucket.key == key, Bucket.until > clock)) or 0
            )
