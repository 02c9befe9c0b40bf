"""The driver's own connection, for statements that SQLAlchemy compiled before: it costs a request the driver only."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from project.database.pool import UNREACHABLE, CountingPool


@dataclass(frozen=True, slots=True)
class DriverConnection:
    """A connection of an engine's pool on which statements run as text."""

    engine: AsyncEngine
    proxied: PoolProxiedConnection
    connection: Connection | None = None  # SQLAlchemy's, if there is one already

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """All rows. Raises SQLAlchemy's errors, as the engine would."""
        engine = self.engine.sync_engine
        if engine.dispatch.before_cursor_execute:
            connection = self.connection or Connection(engine, connection=self.proxied)
            for listener in engine.dispatch.before_cursor_execute:
                listener(connection, None, sql, tuple(arguments), None, False)  # noqa: FBT003 - SQLAlchemy's signature
        driver: Any = self.proxied.driver_connection
        try:
            if engine.dialect.name == "postgresql":
                return cast("Sequence[Sequence[Any]]", await driver.fetch(sql, *arguments))
            return cast("Sequence[Sequence[Any]]", await driver.execute_fetchall(sql, arguments))
        except Exception as error:
            raise _translated(error, sql, engine.dialect, self.proxied) from error


@asynccontextmanager
async def connect_to_read(engine: AsyncEngine) -> AsyncIterator[DriverConnection]:
    """A connection of the pool for one read, without a ping if it just worked."""
    pool = engine.sync_engine.pool
    proxied = await (pool.take() if isinstance(pool, CountingPool) else greenlet_spawn(pool.connect))
    try:
        yield DriverConnection(engine, proxied)
    finally:
        _give_back(proxied)


async def driver_connection(connection: AsyncConnection) -> DriverConnection:
    """That of a session, so that what is read is what its transaction sees."""
    return DriverConnection(connection.engine, await connection.get_raw_connection(), connection.sync_connection)


def _give_back(proxied: Any) -> None:
    if proxied.is_valid:  # not thrown away
        # No transaction was begun, so there is nothing to roll back; Connection.close() calls the same.
        proxied._checkin(transaction_was_reset=True)  # noqa: SLF001 - see above


def _translated(error: Exception, sql: str, dialect: Any, raw: PoolProxiedConnection) -> Exception:
    adapter: Any = raw.dbapi_connection
    try:
        adapter._handle_exception(error)  # noqa: SLF001 - how the dialect turns driver errors into DBAPI errors
    except dialect.loaded_dbapi.Error as found:
        lost: bool = dialect.is_disconnect(found, adapter, None)
        if lost:
            raw.invalidate()
        kind: Any = exc.DBAPIError  # its `instance` is made for SQLAlchemy's own use
        translated: Exception = kind.instance(
            sql,
            None,
            found,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        )
        return translated
    except UNREACHABLE as found:
        raw.invalidate()
        return exc.OperationalError(sql, None, found, hide_parameters=True, connection_invalidated=True)
    except (OverflowError, UnicodeEncodeError) as found:
        return exc.DataError(sql, None, found, hide_parameters=True)
    except Exception as found:  # noqa: BLE001 - whatever it is, it is the error
        return found
    return error
