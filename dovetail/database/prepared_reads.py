"""The driver's own connection, for statements that SQLAlchemy has compiled before, at the cost of the driver alone."""

import math
from collections.abc import AsyncIterator, Hashable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, Self

from sqlalchemy import Connection, Dialect, Engine, exc
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.pool import ManagesConnection

from dovetail.database.drivers.lost_connections import discard_connection, is_lost, is_of_reference
from dovetail.database.drivers.sqlalchemy_private import (
    as_sqlalchemy_error,
    begin_transaction,
    close_unused,
    commit_transaction,
    connection_on,
    raise_as_dbapi_error,
    rollback_transaction,
    run_in_greenlet,
    statement_listeners,
)
from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.pool.unreachable import unreachable
from dovetail.database.presumed import Presumable, Presumed, Remembered, UnconfirmedError

PORTABLE = frozenset({int, bool, type(None), datetime, list})
WITHIN_TRANSACTIONS = "dovetail_within_transactions"  # an execution option of an engine: nothing runs outside of one


class DriverConnection:
    """A pooled connection, on which statements run as SQL text without SQLAlchemy.

    `managed` is the connection from the pool. `connection` is SQLAlchemy's Connection on it, if there is one already.
    """

    __slots__ = ("connection", "driver", "engine", "managed")

    def __init__(self, engine: AsyncEngine, managed: ManagesConnection, connection: Connection | None = None) -> None:
        self.engine = engine
        self.managed = managed
        self.connection = connection
        self.driver: Any = managed.driver_connection

    async def fetch(self, sql: str, arguments: tuple[object, ...]) -> Sequence[Sequence[object]]:
        """Run a statement and return all rows. Raise SQLAlchemy's errors, as the engine would."""
        engine, driver = self.engine.sync_engine, self.driver
        self._look_at(sql, arguments)
        rows: Sequence[Sequence[object]]
        try:
            if engine.dialect.name != "postgresql":
                rows = await driver.execute_fetchall(sql, arguments)
            elif WITHIN_TRANSACTIONS in engine.get_execution_options() and not driver.is_in_transaction():
                async with driver.transaction():
                    rows = await driver.fetch(sql, *arguments)
            else:
                rows = await driver.fetch(sql, *arguments)
        except Exception as error:
            found = await self._ask_again(error, sql, arguments)
            if not isinstance(found, Exception):
                return found
            raise _translated(found, sql, engine, self.managed) from error
        return rows

    async def _ask_again(
        self, error: Exception, sql: str, arguments: tuple[object, ...]
    ) -> Exception | Sequence[Sequence[object]]:
        """Return the error, which knows then whether SQLite's COMMIT has found it; or the rows, if all is well now.

        A statement that is a transaction of its own does not tell a foreign key of its row from one that is deferred.
        """
        driver = self.driver
        if self.dialect.name != "sqlite" or driver.in_transaction or not is_of_reference(error):
            return error
        from dovetail.database.drivers.aiosqlite_connections import fetch_last

        try:
            return await fetch_last(driver, [(sql, arguments)])
        except Exception as again:  # noqa: BLE001 - the caller raises it
            return again

    async def fetch_last(self, steps: Sequence[tuple[str, tuple[object, ...]]]) -> Sequence[Sequence[object]]:
        """Run statements on SQLite and return the rows of the last; if no transaction is open, they form one.

        If one fails, none has any effect. Raise SQLAlchemy's errors, as the engine would.
        """
        # Imported here: on PostgreSQL aiosqlite is not needed.
        from dovetail.database.drivers.aiosqlite_connections import fetch_last

        for step in steps:
            self._look_at(*step)
        try:
            return await fetch_last(self.driver, steps)
        except Exception as error:
            raise _translated(error, steps[-1][0], self.engine.sync_engine, self.managed) from error

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""
        return self.engine.sync_engine.dialect

    def _look_at(self, sql: str, arguments: tuple[object, ...]) -> None:
        """Call the listeners of statements. Raise DataError for a value that not every database can store."""
        if unportable := find_unportable(arguments):
            raise exc.DataError(sql, None, ValueError(unportable), hide_parameters=True)
        engine = self.engine.sync_engine
        if listeners := statement_listeners(engine):
            connection = self.connection or _LateConnection(engine, self.managed)
            for listener in listeners:
                listener(connection, None, sql, arguments, None, False)  # noqa: FBT003 - SQLAlchemy's signature

    async def begin(self) -> None:
        """Begin an asyncpg transaction. Raise SQLAlchemy's OperationalError for a lost connection."""
        # SQLAlchemy's adapter sends BEGIN only before the first statement that goes through the adapter.
        try:
            await begin_transaction(self.managed)
        except Exception as error:  # BEGIN fails only if the connection is lost
            self.managed.invalidate()
            lost = exc.OperationalError("BEGIN", None, error, hide_parameters=True, connection_invalidated=True)
            raise lost from error

    async def commit(self) -> None:
        """Commit that transaction. Raise SQLAlchemy's errors, as the engine would."""
        try:
            await commit_transaction(self.managed)
        except Exception as error:
            raise _translated(error, "COMMIT", self.engine.sync_engine, self.managed) from error

    async def rollback(self) -> None:
        """Roll that transaction back; if that fails, discard the connection."""
        try:
            await rollback_transaction(self.managed)
        except BaseException as error:
            self.managed.invalidate(error)
            if not isinstance(error, Exception):
                raise


def find_unportable(values: Iterable[object]) -> str:
    """Return the reason why a value cannot be stored by every database or in JSON; an empty string if all can."""
    for value in values:
        if value.__class__ in PORTABLE:  # first, since every value of every statement passes here
            continue
        if isinstance(value, str):
            if "\0" in value:
                return "a text contains a NUL character"
        elif isinstance(value, float) and not math.isfinite(value):
            return "a number is not finite"
    return ""


class NeedsSessionError(Exception):
    """Only the ORM can read this, and there is no session: the caller has to open one."""


class ReadSource(Protocol):
    """A place where reads run: the transaction of a session, or a connection of the pool without a transaction."""

    @property
    def session(self) -> AsyncSession | None:
        """The session, for reads that only the ORM can do; None if there is none."""

    @property
    def dialect(self) -> Dialect:
        """The database's dialect, known before anything is connected."""

    async def connection(self) -> DriverConnection:
        """Return the connection for the next read."""


class PoolSource:
    """A read source on a connection that is taken from the pool at the first read, and returned at the end.

    The connection is not pinged if it was used just now.

        async with PoolSource(engine) as source:
            rows = await (await source.connection()).fetch("SELECT 1", ())

    `remembered` are rows of earlier requests that may be presumed; no response may be sent while one is `presumed`.
    """

    session: AsyncSession | None = None

    def __init__(self, engine: AsyncEngine, remembered: Remembered | None = None) -> None:
        self._remembered = remembered
        self.presumed: Presumed | None = None
        self.engine = engine
        self._pool = engine.sync_engine.pool
        self._connection: DriverConnection | None = None
        self.dialect = engine.sync_engine.dialect

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is None:
            return
        if isinstance(self._pool, FairPool):
            await self._pool.give_back(self._connection.managed)
        else:
            close_unused(self._connection.managed)

    def presume(self, statement: Presumable, key: Hashable, values: Mapping[str, object]) -> tuple[object, ...] | None:
        """Return the remembered row of a statement for this key, which is presumed from now on; None if there is none.

        Only one row can be presumed at a time: the read that confirms it confirms no other.
        """
        if self._remembered is None or self.presumed is not None:
            return None
        row = self._remembered.get((statement, key))
        if row is not None:
            self.presumed = Presumed(statement, values, row, key)
        return row

    def remember(self, statement: Presumable, key: Hashable, row: tuple[object, ...]) -> None:
        """Remember a row, to be presumed by later requests."""
        if self._remembered is not None:
            self._remembered[statement, key] = row

    def confirm(self, presumed: Presumed, row: Sequence[object] | None) -> None:
        """Note that the presumed row was read again. Raise UnconfirmedError if it has changed or is gone."""
        if row is None or tuple(row) != presumed.row:
            if self._remembered is not None:
                self._remembered.pop((presumed.statement, presumed.key), None)
            raise UnconfirmedError
        self.presumed = None

    async def ask(self) -> None:
        """Confirm the presumed row, if there is one, by running its own statement. Raise as `confirm` does."""
        presumed = self.presumed
        if presumed is not None:
            step = presumed.statement.prepared(self.dialect).step(presumed.values)
            rows = await (await self.connection()).fetch(*step)
            self.confirm(presumed, rows[0] if rows else None)

    def keep(self, connection: DriverConnection) -> DriverConnection:
        """Replace the connection of this source by `connection`, and return it."""
        self._connection = connection
        return connection

    async def connection(self) -> DriverConnection:
        """Return the connection; take it from the pool if this is the first read."""
        if self._connection is None:
            pool = self._pool
            return self.use(await (pool.take() if isinstance(pool, FairPool) else run_in_greenlet(pool.connect)))
        return self._connection

    def use(self, taken: ManagesConnection) -> DriverConnection:
        """Make a connection taken from the pool that of this source, and return it."""
        self._connection = DriverConnection(self.engine, taken)
        return self._connection

    def shared_pool(self) -> FairPool | None:
        """Return the pool if other callers use its connections, so that batching may pay; None otherwise."""
        pool = self._pool
        return pool if self._connection is None and isinstance(pool, FairPool) and pool.is_shared() else None


def session_of(source: ReadSource) -> AsyncSession:
    """Return the session of a source, for the ORM. Raise NeedsSessionError if it has none."""
    if source.session is None:
        raise NeedsSessionError
    return source.session


@asynccontextmanager
async def connect_to_read(engine: AsyncEngine) -> AsyncIterator[DriverConnection]:
    """Open a connection of the pool for reads, as PoolSource does.

    async with connect_to_read(engine) as connection:
        rows = await connection.fetch("SELECT 1", ())
    """
    async with PoolSource(engine) as source:
        yield await source.connection()


class _LateConnection:
    """A placeholder for SQLAlchemy's Connection, which is created only if a listener uses it: few do."""

    def __init__(self, engine: Engine, managed: Any) -> None:
        self._parts = engine, managed

    def get_execution_options(self) -> Mapping[str, object]:
        """Return the engine's options, which the Connection would have as well, without creating it."""
        return self._parts[0].get_execution_options()

    def __getattr__(self, name: str) -> Any:
        engine, managed = self._parts
        return getattr(connection_on(engine, managed), name)


def _translated(error: Exception, sql: str, engine: Engine, raw: ManagesConnection) -> Exception:
    dialect = engine.dialect
    try:
        raise_as_dbapi_error(raw.dbapi_connection, error)
    except dialect.loaded_dbapi.Error as found:
        lost = dialect.is_disconnect(found, raw.dbapi_connection, None) or is_lost(found)
        if lost:
            discard_connection(engine, raw, found)
        return as_sqlalchemy_error(sql, found, dialect, is_lost=lost)
    except unreachable() as found:
        raw.invalidate()
        return exc.OperationalError(sql, None, found, hide_parameters=True, connection_invalidated=True)
    except (OverflowError, UnicodeEncodeError) as found:
        return exc.DataError(sql, None, found, hide_parameters=True)
    except Exception as found:  # noqa: BLE001 - whatever it is, it is the error
        return found
    return error
