"""The pool that counts, and the queue in which its idle connections lie: who has waited longest is served first."""

import asyncio
from collections import deque
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, ManagesConnection, PoolProxiedConnection

from dovetail.database.drivers.sqlalchemy_private import (
    RETURNED_AT,
    PoolQueue,
    QueueEmpty,
    QueueFull,
    QueuePool,
    run_in_greenlet,
    wait_in_greenlet,
)
from dovetail.database.pool.statistics import PoolStatistics
from dovetail.database.pool.unreachable import operational_error, unreachable_errors
from dovetail.database.pool.waiting_line import Read, WaitingLine
from dovetail.database.pool.writer_queue import time_left

T = TypeVar("T")
LONG = 0.1  # seconds that a batch may take before its other waiters can take a free connection
TRUSTED_FOR = 1.0  # seconds since its return during which a connection is not pinged
# True if the caller needs no ping: for a single read that can be repeated, never for a transaction.
trusting: ContextVar[bool] = ContextVar("trusting", default=False)


class FairQueue(PoolQueue[T]):
    """A queue that hands a returned connection directly to the waiter that has waited longest.

    With asyncio's own queue, which SQLAlchemy's pool uses, a new caller can take the item for which a waiter was woken,
    and the waiter queues again behind all others: under load some starve for seconds.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self._items: deque[T] = deque()
        self.line: WaitingLine[T] = WaitingLine()
        self._is_closed = False
        self._serves_in: asyncio.AbstractEventLoop | None = None  # the loop in which `_serve` is scheduled

    def close(self) -> None:
        """Accept no more items, except for waiters."""
        self._is_closed = True

    def empty(self) -> bool:
        """Return True if the queue has no items."""
        return not self._items

    def full(self) -> bool:
        """Return True if no more items can be put in."""
        return self._is_closed or 0 < self.maxsize <= len(self._items)

    def qsize(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - SQLAlchemy's signature
        """Give `item` to the first waiter, or store it. Raise QueueFull, at once: the pool never asks to block."""
        if self.line.waiting and self.line.hand_over(item):
            return
        if self.full():
            raise QueueFull
        self._items.append(item)

    def put_nowait(self, item: T) -> None:
        """Do as `put` does."""
        self.put(item, block=False)

    def put_back(self, item: T) -> None:
        """Put `item` back where `get_nowait` takes it next."""
        if self.use_lifo:
            self._items.append(item)
        else:
            self._items.appendleft(item)

    def get(self, block: bool = True, timeout: float | None = None) -> T:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        """Take an item; if there is none, wait up to `timeout` seconds in SQLAlchemy's greenlet. Raise QueueEmpty."""
        if self._items or not block:
            return self.get_nowait()
        item = wait_in_greenlet(self.wait(timeout))
        assert item is not None  # noqa: S101 - no read was given that a batch could do
        return item

    def get_nowait(self) -> T:
        """Take an item. Raise QueueEmpty."""
        if not self._items:
            raise QueueEmpty
        return self._items.pop() if self.use_lifo else self._items.popleft()

    async def wait(self, timeout: float | None, read: Read | None = None) -> T | None:  # noqa: ASYNC109 - asyncio.timeout() costs more than all the rest
        """Wait for an item and return it, in order of arrival. Raise QueueEmpty after `timeout` seconds.

        Stored items are handed out at the end of the event loop's current iteration, since more reads of the same kind
        may arrive until then. Return None if another waiter's batch has done `read`.
        """
        waiter = self.line.join(time_left(timeout), read)
        future = waiter.future
        if self._items and self._serves_in is not (loop := future.get_loop()):
            self._serves_in = loop
            loop.call_soon(self._serve)
        try:
            return await future
        except QueueEmpty:
            if not self._items:
                raise
            return self.get_nowait()  # the batch took too long, and an item is free now
        except asyncio.CancelledError:
            item = None if future.cancelled() or not future.done() or future.exception() else future.result()
            if item is not None:  # handed over at the moment of the cancellation: give it to the next waiter
                if read is not None:
                    self.release(read)
                if not self.line.hand_over(item):
                    self._items.append(item)  # even beyond maxsize: the pool counts it as in use until it is stored
            raise
        finally:
            self.line.leave(waiter)

    def release(self, read: Read) -> None:
        """Dissolve the batch of `read`; its other waiters go on waiting, or get stored items."""
        self.line.release(read)
        self._serve()

    def look_after(self, read: Read) -> None:
        """If the batch of `read` takes longer than LONG, let its other waiters have stored items."""
        if self.line.is_leading(read):
            asyncio.get_running_loop().call_later(LONG, self._part, read)

    def _part(self, read: Read) -> None:
        if not self._items:
            self.look_after(read)
        elif self.line.is_leading(read):
            self.line.part(read)
            self._serve()

    def _serve(self) -> None:
        """Hand stored items to the waiters."""
        self._serves_in = None
        while self._items:
            item = self.get_nowait()
            if not self.line.hand_over(item):
                self.put_back(item)
                return


class FairPool(QueuePool):
    """SQLAlchemy's pool, with waiters served in order of arrival, and counts of waiters and timeouts.

    A ping costs three round trips on PostgreSQL, more than a read. A caller that is `trusting` takes a connection
    without one if it worked within the last second.
    """

    queue_class = FairQueue
    idle: FairQueue[ConnectionPoolEntry]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = 0
        self.timeouts = 0

    def connect(self) -> PoolProxiedConnection:
        """Take a connection. Raise SQLAlchemy's TimeoutError if none is free in time, or OperationalError."""
        waits = self.is_exhausted()
        self.waiting += waits
        try:
            return super().connect()
        except exc.TimeoutError:
            self.timeouts += 1
            raise
        except unreachable_errors() as error:
            raise operational_error(error) from error
        finally:
            self.waiting -= waits

    def dispose(self) -> None:
        """Close the idle connections; others are closed when they are returned.

        SQLAlchemy would put those into this pool, which no engine uses any more, and leave them to garbage collection.
        """
        self.idle.close()
        super().dispose()

    async def take(self) -> ManagesConnection:
        """Take a connection for a single read that can be repeated; `give_back` must follow. Raise as `connect`.

        Usually a connection is idle or is returned soon. Taking it needs neither one of SQLAlchemy's greenlets nor its
        wrapper that returns forgotten connections; both cost more than everything else here.
        """
        record = None
        if not self.idle.empty():
            record = self.idle.get_nowait()
        elif self.is_exhausted():
            record = await self._wait(None)
        return self._as_it_lies(record) or await self._connect()

    def is_shared(self) -> bool:
        """Return True if other callers use connections, and another read would not need a new one."""
        return self.checkedout() > 0 and (not self.idle.empty() or self.is_exhausted())

    async def take_or_join_batch(self, read: Read) -> ManagesConnection | None:
        """Take a connection at the end of the loop's iteration; None if a batch has done `read`. Raise as `take`."""
        record = await self._wait(read)
        return None if record is None else self._as_it_lies(record) or await self._connect()

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
        """Return True if the caller is `trusting` and the connection was used just now."""
        return trusting.get() and _is_trusted(record)

    async def _wait(self, read: Read | None) -> ConnectionPoolEntry | None:
        waits = self.is_exhausted()
        self.waiting += waits
        try:
            return await self.idle.wait(self.timeout(), read)
        except QueueEmpty:
            self.timeouts += 1
            raise exc.TimeoutError(
                f"QueuePool limit of size {self.size()} overflow {self.max_overflow} reached"
            ) from None
        finally:
            self.waiting -= waits

    def _as_it_lies(self, record: ConnectionPoolEntry | None) -> ConnectionPoolEntry | None:
        """Return a taken connection if it can be used as it is; otherwise put it back and return None."""
        if record is None or (_is_trusted(record) and self.is_usable_as_it_lies(record)):
            return record
        self.idle.put_back(record)  # no other task runs before `connect` takes it again
        return None

    async def _connect(self) -> ManagesConnection:
        token = trusting.set(True)
        try:
            return await run_in_greenlet(self.connect)
        finally:
            trusting.reset(token)


def pool_statistics(engine: AsyncEngine) -> PoolStatistics | None:
    """Return the numbers of the pool; None for a database in memory, which has one connection and no pool."""
    return engine.pool.statistics() if isinstance(engine.pool, FairPool) else None


def _is_trusted(record: ConnectionPoolEntry) -> bool:
    """Return True if a connection was used within TRUSTED_FOR seconds and the driver does not know it to be closed."""
    if monotonic() - record.info.get(RETURNED_AT, 0.0) >= TRUSTED_FOR:
        return False
    is_closed = getattr(record.driver_connection, "is_closed", None)
    return is_closed is None or not is_closed()
