"""Connection pools that count, and that say in one way that the database did not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

import asyncpg
from sqlalchemy import AsyncAdaptedQueuePool, NullPool, exc
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

# What a driver raises when its server is away and SQLAlchemy lets through as it is. InternalClientError is what asyncpg
# says between a server's last words, which nobody asked for, and the end of the connection.
UNREACHABLE = (OSError, EOFError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

TRUSTED_FOR = 1.0  # seconds since a connection came back during which it is not pinged
RETURNED_AT = "dovetail_returned_at"
# Whether who takes a connection does without a ping: a single read that can be tried once more, never a transaction.
trusting: ContextVar[bool] = ContextVar("trusting", default=False)


@dataclass(frozen=True, kw_only=True)
class PoolStatistics:
    """A pool at one moment; times are in seconds."""

    size: int
    max_overflow: int
    timeout: float
    recycle: int
    pre_ping: bool
    checked_in: int
    checked_out: int
    overflow: int
    waiting: int  # callers that found every connection taken
    timeouts: int  # callers that gave up, since the process started


class CountingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which also counts who waits and who gave up.

    A ping costs three round trips on PostgreSQL, more than a read: who is `trusting` takes a connection that worked
    within the last second without one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = 0
        self.timeouts = 0

    def connect(self) -> PoolProxiedConnection:
        """Take a connection. Raises SQLAlchemy's TimeoutError if none is free in time, OperationalError if away."""
        waits = self.checkedout() >= self.size() + self._max_overflow
        self.waiting += waits
        try:
            with unreachable_as_operational_error():
                return super().connect()
        except exc.TimeoutError:
            self.timeouts += 1
            raise
        finally:
            self.waiting -= waits

    def _do_get(self) -> ConnectionPoolEntry:
        record = super()._do_get()
        if trusting.get() and monotonic() - record.info.get(RETURNED_AT, 0.0) < TRUSTED_FOR and not _was_cut(record):
            record.fresh = True  # type: ignore[attr-defined]  # SQLAlchemy pings what is not fresh
        return record

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        record.info[RETURNED_AT] = monotonic()
        super()._do_return_conn(record)

    def statistics(self) -> PoolStatistics:
        """The pool now."""
        return PoolStatistics(
            size=self.size(),
            max_overflow=self._max_overflow,
            timeout=self.timeout(),
            recycle=self._recycle,
            pre_ping=self._pre_ping,
            checked_in=self.checkedin(),
            checked_out=self.checkedout(),
            overflow=max(self.overflow(), 0),
            waiting=self.waiting,
            timeouts=self.timeouts,
        )


def _was_cut(record: ConnectionPoolEntry) -> bool:
    """Whether the server has hung up, as far as the driver has heard without asking."""
    is_closed = getattr(record.driver_connection, "is_closed", None)
    return is_closed is not None and is_closed()


class UnpooledConnections(NullPool):
    """A new connection for each caller."""

    def connect(self) -> PoolProxiedConnection:
        """Make a connection. Raises SQLAlchemy's OperationalError if the database is away."""
        with unreachable_as_operational_error():
            return super().connect()


def pool_statistics(engine: AsyncEngine) -> PoolStatistics | None:
    """The pool of `engine` now; None for a database in memory, which has one connection and no pool."""
    return engine.pool.statistics() if isinstance(engine.pool, CountingPool) else None


@contextmanager
def unreachable_as_operational_error() -> Iterator[None]:
    """Raise SQLAlchemy's OperationalError, marked as a lost connection, for whatever else says the same."""
    try:
        yield
    except (*UNREACHABLE, AsyncAdapt_asyncpg_dbapi.Error) as error:  # refused, or an error of the server's
        raise exc.OperationalError(None, None, error, connection_invalidated=True) from error
