"""The unit of work: one transaction, committed at the edge and nowhere else."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from project.database.engine import READ_ONLY, SQLITE_BUSY_TIMEOUT, create_engine, database_url, is_memory
from project.database.lazy_loading import refuse_lazy_loads
from project.database.pool import UnpooledConnections
from project.database.turns import TAKE_TURN, TakeTurns
from project.settings import Settings

logger = logging.getLogger("dovetail.database")


class Database:
    """The engine of one application and the sessions that stand on it."""

    def __init__(
        self, engine: AsyncEngine, spare: AsyncEngine | None = None, *, patience: float = SQLITE_BUSY_TIMEOUT
    ) -> None:
        self.engine = engine
        self._spare = spare or engine
        # A closed session stays closed: a streaming response that touched it would otherwise leak a connection.
        self.sessions = async_sessionmaker(engine, expire_on_commit=False, close_resets_only=False)
        refuse_lazy_loads(self.sessions)
        self._turns = TakeTurns(patience) if engine.dialect.name == "sqlite" else None

    @classmethod
    def from_settings(cls, settings: Settings, *, command_timeout: float | None = None) -> "Database":
        """The database that `settings` name; nothing is connected yet.

        PostgreSQL has `command_timeout` seconds for a statement. None is for commands, which may take long.
        """
        if is_memory(database_url(settings)):  # it lives in its one connection
            return cls(create_engine(settings))
        # Who is to wait longer for a connection is to wait as long for the turn that comes before it.
        patience = max(SQLITE_BUSY_TIMEOUT, settings.database_pool_timeout)
        spare = create_engine(settings, command_timeout=command_timeout, poolclass=UnpooledConnections)
        return cls(create_engine(settings, command_timeout=command_timeout), spare, patience=patience)

    @asynccontextmanager
    async def unit_of_work(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction: committed on success, rolled back on any exception.

        Services `flush()` and never `commit()`. The transaction's duration is logged. `read_only` lets SQLite read
        beside a writer; it promises that nothing is written. Raises UnavailableError if SQLite has too many writers.
        """
        started, outcome = perf_counter(), "rolled back"
        try:
            async with AsyncExitStack() as turn, self.sessions() as session, session.begin():
                if read_only:
                    await session.connection(execution_options={READ_ONLY: True})
                elif self._turns is not None:
                    session.info[TAKE_TURN] = partial(turn.enter_async_context, self._turns.mine())
                yield session
            outcome = "committed"
        finally:
            logger.debug("transaction %s after %.1f ms", outcome, (perf_counter() - started) * 1000)

    @asynccontextmanager
    async def outside_the_pool(self) -> AsyncIterator[AsyncSession]:
        """A session on a connection of its own, for reads that must work while the pool is exhausted."""
        async with AsyncSession(self._spare) as session:
            await session.connection(execution_options={READ_ONLY: True})
            yield session

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self._spare.dispose()
