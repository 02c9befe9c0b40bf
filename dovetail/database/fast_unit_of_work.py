"""A unit of work on the driver's connection, without SQLAlchemy's cost; it has a session, too.

    async with database.fast_unit_of_work() as session:
        rows = await (await driver_to_write(session)).fetch("UPDATE ... RETURNING ...", ())

Services get a session, as in any unit of work. Statements that go to the driver directly get its connection here.
SQLAlchemy's own Connection is made only if the session needs one.
"""

import logging
from time import perf_counter
from types import TracebackType

from sqlalchemy import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from dovetail.database.after_commit import AFTER_COMMIT, run_after_commit
from dovetail.database.drivers.aiosqlite_connections import is_still_there
from dovetail.database.drivers.sqlalchemy_private import (
    LateSession,
    connection_on,
    has_begun,
    has_changes,
    has_connected,
    proxy_of,
    run_in_greenlet,
)
from dovetail.database.engine.sqlite_transactions import OF_TRANSACTION, PATIENCE
from dovetail.database.pool.writer_queue import CONNECT, WriterQueue, clear_wait_deadline
from dovetail.database.prepared_reads import DriverConnection, PoolSource
from dovetail.database.presumed import Presumed, Remembered, UnconfirmedError
from dovetail.state import InfoKey

logger = logging.getLogger("dovetail.database")


class FastUnitOfWork:
    """One transaction, which begins with the first change, on a connection that is not pinged if it was just used.

    The first statement is a read. If the connection turns out to be lost, the caller may try again, unless
    `has_written` says that something was committed. Raise UnavailableError if SQLite has too many writers.

    One of the `remembered` rows may be presumed, as in PoolSource: other statements wait until it is confirmed, and
    raise UnconfirmedError if it has changed. Then there is no read before the change, and after a lost connection it is
    not known whether the change was committed.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        sessions: async_sessionmaker[AsyncSession],
        turns: WriterQueue | None,
        remembered: Remembered | None = None,
    ) -> None:
        self.has_written = False
        self.source = PoolSource(engine, remembered)
        self._sessions = sessions
        self._turns = turns
        self._has_turn = False
        self._connection: Connection | None = None  # SQLAlchemy's, if the session needed one

    async def __aenter__(self) -> AsyncSession:
        self._started = perf_counter()
        self._session = LateSession(self._sessions)
        self._session.info.update({WORK: self, CONNECT: self.connect})
        try:
            if self._turns is not None:
                await self._turns.take()
                self._has_turn = True
            self.driver = await self.source.connection()
            self._has_waited = self._turns is not None and self._turns.has_waited()
        except BaseException:
            await self._leave("rolled back")
            raise
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        outcome = "rolled back"
        try:
            if kind is None:
                await self._commit()
                outcome = "committed"
        finally:
            try:
                await self._close()
            finally:
                await self._leave(outcome)
        if outcome == "committed" and AFTER_COMMIT in self._session.info:
            run_after_commit(self._session)

    def connect(self) -> Connection:
        """Return SQLAlchemy's Connection, on the same connection of the driver."""
        if self.source.presumed is not None:
            raise UnconfirmedError  # a sync function cannot wait for the confirmation; this is rare
        if self._connection is None:
            engine = self.driver.engine.sync_engine
            managed = proxy_of(engine.pool, self.driver.managed)
            self._connection = connection_on(engine, managed)
            self.driver = self.source.keep(DriverConnection(self.driver.engine, managed, self._connection))
        return self._connection

    async def begin(self) -> DriverConnection:
        """Return the driver's connection with its transaction begun."""
        await self.source.ask()
        if self.driver.dialect.name == "sqlite":  # event listeners begin the transaction there
            if self._connection is None or not self._connection.in_transaction():
                await run_in_greenlet(self._begin)
        elif not has_begun(self.driver.managed):
            await self.driver.begin()
        return self.driver

    def alone(self) -> DriverConnection | None:
        """Return the driver's connection for a statement that is a transaction by itself; None if that is impossible.

        It is impossible within a transaction, and on SQLite where BEGIN has more to do: the file was replaced, or the
        time to wait for other processes has to be set.
        """
        if self.is_in_transaction():
            return None
        if self._turns is not None:
            known, engine = self.driver.managed.info, self.driver.engine.sync_engine
            has_its_time = not self._has_waited and known.get(PATIENCE) in {None, self._turns.patience}
            if not has_its_time or not is_still_there(self.driver.managed.driver_connection, str(engine.url.database)):
                return None
            known.pop(OF_TRANSACTION, None)
        return self.driver

    def is_in_transaction(self) -> bool:
        """Return True if the transaction has begun."""
        return has_begun(self.driver.managed) or (self._connection is not None and self._connection.in_transaction())

    def _begin(self) -> None:
        self.connect().begin()

    async def _commit(self) -> None:
        session = self._session
        await self.source.ask()
        if has_connected(session) or has_changes(session):
            await session.commit()  # flushes pending changes, and ends a transaction that the session began
        if self._connection is not None and self._connection.in_transaction():
            await run_in_greenlet(self._connection.commit)
        elif has_begun(self.driver.managed):
            await self.driver.commit()
        self.has_written = True

    async def _close(self) -> None:
        if has_connected(self._session):
            await self._session.close()
        for key in (WORK, CONNECT):
            del self._session.info[key]
        if self._connection is not None:
            await run_in_greenlet(self._connection.close)  # rolls back an open transaction
        elif has_begun(self.driver.managed):
            await self.driver.rollback()

    async def _leave(self, outcome: str) -> None:
        await self.source.__aexit__()
        if self._turns is not None:
            if self._has_turn:
                self._turns.give_back()
            clear_wait_deadline()
        logger.debug("transaction %s after %.1f ms", outcome, (perf_counter() - self._started) * 1000)


WORK = InfoKey[FastUnitOfWork]("fast_unit_of_work")  # in a session's info


class SessionSource:
    """A read source on a session: reads run in its transaction, after a flush."""

    def __init__(self, session: AsyncSession) -> None:
        self.session: AsyncSession = session

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""
        return dialect_of(self.session)

    async def connection(self) -> DriverConnection:
        """Flush the session and return its connection."""
        await flush(self.session)
        return await driver_to_read(self.session)


def dialect_of(session: AsyncSession) -> Dialect:
    """Return the dialect of the database of a session."""
    work = _work_of(session)
    return session.get_bind().dialect if work is None else work.driver.dialect


async def flush(session: AsyncSession) -> None:
    """Flush pending changes of the session, so that a statement that bypasses it sees them."""
    if has_changes(session):
        await session.flush()


def source_to_presume(session: AsyncSession | None) -> PoolSource | None:
    """Return the source that may presume a row for a session; None if nothing may be presumed."""
    work = None if session is None else _work_of(session)
    return None if work is None else work.source


async def driver_to_read(session: AsyncSession) -> DriverConnection:
    """Return the driver's connection of a session; a fast unit of work does not begin its transaction for it."""
    work = _work_of(session)
    if work is None:
        return await _driver_of(await session.connection())
    await work.source.ask()
    return work.driver


async def driver_to_write(session: AsyncSession) -> DriverConnection:
    """Return the driver's connection of a session, with its transaction begun."""
    work = _work_of(session)
    if work is not None:
        return await work.begin()
    driver = await _driver_of(await session.connection())
    if driver.dialect.name == "postgresql" and not has_begun(driver.managed):
        await driver.begin()
    return driver


def driver_alone(session: AsyncSession) -> DriverConnection | None:
    """Return the driver's connection for a statement that is the whole transaction (on SQLite several in one call).

    That saves BEGIN and COMMIT; `note_written` has to follow. None if a transaction is open, or has to be.
    """
    work = _work_of(session)
    return None if work is None else work.alone()


async def driver_for_all(session: AsyncSession) -> DriverConnection:
    """Return the connection of `driver_alone`, or else that of `driver_to_write`; confirm the presumed row first."""
    await confirm_presumed(session)
    return driver_alone(session) or await driver_to_write(session)


def note_written(session: AsyncSession) -> None:
    """Note that a statement on the connection of `driver_alone` or `driver_for_all` has succeeded."""
    work = _work_of(session)
    if work is not None and not work.is_in_transaction():
        work.has_written = True


def presumed_in(session: AsyncSession) -> Presumed | None:
    """Return the presumed row, which a statement on the connection of `driver_alone` has to confirm; None if none."""
    work = _work_of(session)
    return None if work is None else work.source.presumed


def note_confirmed(session: AsyncSession, presumed: Presumed) -> None:
    """Note that a statement has confirmed the presumed row."""
    work = _work_of(session)
    if work is not None:
        work.source.confirm(presumed, presumed.row)


async def confirm_presumed(session: AsyncSession) -> None:
    """Read the presumed row again, if there is one. Raise UnconfirmedError if it has changed."""
    work = _work_of(session)
    if work is not None:
        await work.source.ask()


def async_connection_of(session: AsyncSession) -> AsyncConnection | None:
    """Return the connection of a fast unit of work for another session; None in any other."""
    work = _work_of(session)
    return None if work is None else AsyncConnection(work.driver.engine, work.connect())


def _work_of(session: AsyncSession) -> FastUnitOfWork | None:
    # Called for every statement, so without WORK.find, which would double the cost.
    work: FastUnitOfWork | None = session.info.get(WORK)
    return work


async def _driver_of(connection: AsyncConnection) -> DriverConnection:
    return DriverConnection(connection.engine, await connection.get_raw_connection(), connection.sync_connection)
