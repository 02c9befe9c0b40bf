"""Connection pools that count, and that say in one way that the database did not answer."""

from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import NullPool, exc
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, ManagesConnection, PoolProxiedConnection

from dovetail.database.drivers.lost_connections import driver_errors
from dovetail.database.drivers.sqlalchemy_private import (
    RETURNED_AT,
    AsyncpgError,
    QueueEmpty,
    QueuePool,
    run_in_greenlet,
)
from dovetail.database.pool.fair_queue import FairQueue

TRUSTED_FOR = 1.0  # seconds since a connection came back during which it is not pinged
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


class FairPool(QueuePool):
    """SQLAlchemy's pool, which also counts who waits and who gave up, and serves who has waited longest first.

    A ping costs three round trips on PostgreSQL, more than a read: who is `trusting` takes a connection that worked
    within the last second without one.
    """

    queue_class = FairQueue
    idle: FairQueue[ConnectionPoolEntry]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = 0
        self.timeouts = 0

    def connect(self) -> PoolProxiedConnection:
        """Take a connection. Raises SQLAlchemy's TimeoutError if none is free in time, OperationalError if away."""
        waits = self.is_exhausted()
        self.waiting += waits
        try:
            return super().connect()
        except exc.TimeoutError:
            self.timeouts += 1
            raise
        except _away() as error:
            raise _operational_error(error) from error
        finally:
            self.waiting -= waits

    async def take(self) -> ManagesConnection:
        """Take a connection for a single read that can be tried once more; `give_back` must follow.

        Most of the time one lies ready or comes back soon. That needs none of SQLAlchemy's greenlets, nor what it wraps
        around a connection for those who forget to return it; both cost more than all the rest. Raises as `connect`.
        """
        if self.is_exhausted():
            self.idle.put_back(await self._wait())  # nobody else runs before it is taken again
        if self._next_is_ready():
            return self.idle.get_nowait()
        token = trusting.set(True)
        try:
            return await run_in_greenlet(self.connect)
        finally:
            trusting.reset(token)

    def statistics(self) -> PoolStatistics:
        """Return the numbers of the pool as they are now."""
        return PoolStatistics(
            size=self.size(),
            max_overflow=self.max_overflow,
            timeout=self.timeout(),
            recycle=self.recycle,
            pre_ping=self.pre_ping,
            checked_in=self.checkedin(),
            checked_out=self.checkedout(),
            overflow=max(self.overflow(), 0),
            waiting=self.waiting,
            timeouts=self.timeouts,
        )

    def needs_no_ping(self, record: ConnectionPoolEntry) -> bool:
        """Return whether who takes the connection trusts it, and may."""
        return trusting.get() and _is_trusted(record)

    async def _wait(self) -> ConnectionPoolEntry:
        self.waiting += 1
        try:
            return await self.idle.wait(self.timeout())
        except QueueEmpty:
            self.timeouts += 1
            raise exc.TimeoutError(
                f"QueuePool limit of size {self.size()} overflow {self.max_overflow} reached"
            ) from None
        finally:
            self.waiting -= 1

    def _next_is_ready(self) -> bool:
        """Return whether the next connection can be had without a word to the server."""
        record = self.idle.peek()
        return record is not None and _is_trusted(record) and self.is_usable_as_it_lies(record)


def _is_trusted(record: ConnectionPoolEntry) -> bool:
    """Return whether a connection just worked, and the server has not hung up as far as the driver has heard."""
    if monotonic() - record.info.get(RETURNED_AT, 0.0) >= TRUSTED_FOR:
        return False
    is_closed = getattr(record.driver_connection, "is_closed", None)
    return is_closed is None or not is_closed()


class UnpooledConnections(NullPool):
    """A new connection for each caller."""

    def connect(self) -> PoolProxiedConnection:
        """Make a connection. Raises SQLAlchemy's OperationalError if the database is away."""
        try:
            return super().connect()
        except _away() as error:
            raise _operational_error(error) from error


def unreachable() -> tuple[type[BaseException], ...]:
    """Return the errors of drivers for a server that is away which SQLAlchemy lets through as they are.

    InternalClientError is what asyncpg says between a server's last words, which nobody asked for, and the end of the
    connection.
    """
    return (OSError, EOFError, *driver_errors("PostgresError", "InterfaceError", "InternalClientError"))


def pool_statistics(engine: AsyncEngine) -> PoolStatistics | None:
    """Return the numbers of the pool; None for a database in memory, which has one connection and no pool."""
    return engine.pool.statistics() if isinstance(engine.pool, FairPool) else None


def _away() -> tuple[type[BaseException], ...]:
    """Return the errors that say that the database is away."""
    return (*unreachable(), AsyncpgError)


def _operational_error(error: BaseException) -> exc.OperationalError:
    """Return the error as SQLAlchemy raises it for a lost connection."""
    return exc.OperationalError(None, None, error, connection_invalidated=True)
