"""A share of the pool: a limited number of connections for one kind of work, so that the others stay free."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.pool.statement_timeouts import StatementLimit, StatementTimeoutError, with_statement_limit
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError
from dovetail.translation.texts import gettext


class PoolShare:
    """At most `connections` of a database's connections, whose statements have `statement_timeout` seconds each.

    A request that finds all of them in use waits at most `patience` seconds, first come first served, and holds no
    connection meanwhile.
    """

    def __init__(self, database: Database, *, connections: int, statement_timeout: float, patience: float) -> None:
        self._database = database
        self._statement_timeout = statement_timeout
        self._free = asyncio.Semaphore(connections)
        self._patience = patience

    @asynccontextmanager
    async def unit_of_work(
        self, *, read_only: bool = False, statement_timeout: float | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction, as `Database.unit_of_work` does.

        `statement_timeout` can shorten the time for statements. Raise UnavailableError if no connection of the share
        comes free in time, and StatementTimeoutError if a statement takes too long.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise UnavailableError(gettext("Too many pages are being read here at once; try again shortly.")) from None
        limit = StatementLimit(min(statement_timeout or self._statement_timeout, self._statement_timeout))
        engine = with_statement_limit(self._database.engine, limit)
        try:
            async with self._database.unit_of_work(read_only=read_only, engine=engine) as session:
                yield session
                if limit.was_exceeded and not read_only:  # the error was caught: half of the work would be committed
                    raise StatementTimeoutError
        finally:
            self._free.release()
