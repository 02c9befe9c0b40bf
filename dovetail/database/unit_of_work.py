"""The unit of work: one transaction, committed at the edge and nowhere else."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from dovetail.database.after_commit import AFTER_COMMIT, run_after_commit
from dovetail.database.drivers.retries import note_write
from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.sqlite_transactions import READ_ONLY
from dovetail.database.engine.urls import database_url, is_memory
from dovetail.database.fast_unit_of_work import FastUnitOfWork, async_connection_of
from dovetail.database.lazy_loading import refuse_lazy_loads
from dovetail.database.pool.unreachable import UnpooledConnections
from dovetail.database.pool.writer_queue import TAKE_TURN, WriterQueue, clear_wait_deadline
from dovetail.settings import Settings
from dovetail.state import StateKey

logger = logging.getLogger("dovetail.database")
BESIDE_REQUESTS = {"beside_requests": True}  # execution options of background work, which no request waits for


class Database:
    """The engine of one application, and its sessions."""

    def __init__(self, engine: AsyncEngine, spare: AsyncEngine | None = None, *, patience: float = 2.0) -> None:
        self.engine = engine
        self._spare = spare or engine
        # A closed session stays closed: otherwise a streaming response that used it would leak a connection.
        self.sessions = async_sessionmaker(engine, expire_on_commit=False, close_resets_only=False)
        refuse_lazy_loads(self.sessions)
        self._turns = WriterQueue(patience) if engine.dialect.name == "sqlite" else None

    @classmethod
    def from_settings(cls, settings: Settings, *, command_timeout: float | None = None) -> "Database":
        """Return the database that `settings` name; no connection is opened yet.

        `command_timeout` limits each statement on PostgreSQL, in seconds; None is for commands, which may take long.
        """
        if is_memory(database_url(settings)):  # such a database exists only in its one connection
            return cls(create_engine(settings))
        spare = create_engine(settings, command_timeout=command_timeout, poolclass=UnpooledConnections)
        patience = settings.database_pool_timeout  # the limit of every wait for the database
        return cls(create_engine(settings, command_timeout=command_timeout), spare, patience=patience)

    @asynccontextmanager
    async def unit_of_work(
        self, *, read_only: bool = False, engine: AsyncEngine | None = None
    ) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction: committed on success, rolled back on any exception.

        Services `flush()` and never `commit()`. The transaction's duration is logged. `read_only` promises that nothing
        is written, so that SQLite can read while another session writes. `engine` is this database's engine with other
        execution options. Raise UnavailableError if SQLite has too many writers.
        """
        with _logged():
            async with AsyncExitStack() as turn, self.sessions(bind=engine or self.engine) as session, session.begin():
                if read_only:
                    await session.connection(execution_options={READ_ONLY: True})
                elif self._turns is not None:
                    turn.callback(clear_wait_deadline)
                    session.info[TAKE_TURN] = partial(turn.enter_async_context, self._turns.turn())
                yield session
            if not read_only:
                note_write()
                if AFTER_COMMIT in session.info:
                    run_after_commit(session)

    @property
    def fast_unit_of_work(self) -> Callable[[], FastUnitOfWork]:
        """A function that makes a FastUnitOfWork, which begins its transaction with the first write.

        Code that needs it at every request keeps the function.
        """
        return partial(FastUnitOfWork, self.engine, self.sessions, self._turns)

    @asynccontextmanager
    async def outside_the_pool(self) -> AsyncIterator[AsyncSession]:
        """Open a session on a connection of its own, for reads that must work while the pool is exhausted."""
        async with AsyncSession(self._spare) as session:
            await session.connection(execution_options={READ_ONLY: True})
            yield session

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self._spare.dispose()


DATABASE = StateKey[Database]("database")


@asynccontextmanager
async def lookup_session(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Open a second session, for reads, on the database of `session`, which must not have been used yet.

    An endpoint that waits for something other than the database (a password's hash, a mail server, another site) does
    so first, and only then locks rows, so that it holds no connection while it waits. What it has to know before is
    read in this session, whose transaction ends with the block:

        async with lookup_session(session) as lookup:
            user = await get_user_by_login(lookup, name)
        verified, _ = await verify_password(password, user.hashed_password)  # no connection is held, no row is locked
        user = await session.get_one(User, user.id, with_for_update=True)  # and now see whether it is still so
    """
    connection = async_connection_of(session)  # a request that holds a connection must not wait for a second one
    bind = session.bind if connection is None else connection
    async with AsyncSession(bind, expire_on_commit=False, close_resets_only=False) as lookup:
        if connection is None:
            await lookup.connection(execution_options={READ_ONLY: True})
        yield lookup


@contextmanager
def _logged() -> Iterator[None]:
    """Log how a transaction ended, and how long it took."""
    started, outcome = perf_counter(), "rolled back"
    try:
        yield
        outcome = "committed"
    finally:
        logger.debug("transaction %s after %.1f ms", outcome, (perf_counter() - started) * 1000)
