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
from dovetail.database.pool.unreachable import away, operational_error
from dovetail.database.pool.waiting_line import RowRead, WaitingLine
from dovetail.database.pool.writer_queue import time_left

T = TypeVar("T")
LONG = 0.1  # seconds of a statement, after which those who are read along need not wait for it
TRUSTED_FOR = 1.0  # seconds since a connection came back during which it is not pinged
# Whether who takes a connection does without a ping: a single read that can be tried once more, never a transaction.
trusting: ContextVar[bool] = ContextVar("trusting", default=False)


class FairQueue(PoolQueue[T]):
    """Hands what comes back to the one who has waited longest, instead of laying it where a newcomer finds it first.

    With asyncio's own queue, on which SQLAlchemy's pool stands, a newcomer takes what a waiter was woken for, and the
    waiter queues anew behind all others: under load some starve for seconds.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self._items: deque[T] = deque()
        self.line: WaitingLine[T] = WaitingLine()
        self._is_closed = False
        self._serves_in: asyncio.AbstractEventLoop | None = None  # at the end of its turn

    def close(self) -> None:
        """Take in no more, but for those who wait."""
        self._is_closed = True

    def empty(self) -> bool:
        """Return whether nothing is in the queue."""
        return not self._items

    def full(self) -> bool:
        """Return whether nothing more may be put in."""
        return self._is_closed or 0 < self.maxsize <= len(self._items)

    def qsize(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - SQLAlchemy's signature
        """Give `item` to who waits, or lay it down. Raises QueueFull; nobody waits here: a pool never asks for it."""
        if self.line.waiting and self.line.hand_over(item):
            return
        if self.full():
            raise QueueFull
        self._items.append(item)

    def put_nowait(self, item: T) -> None:
        """Do as `put` does."""
        self.put(item, block=False)

    def put_back(self, item: T) -> None:
        """Lay `item` where `get_nowait` finds it first."""
        if self.use_lifo:
            self._items.append(item)
        else:
            self._items.appendleft(item)

    def get(self, block: bool = True, timeout: float | None = None) -> T:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        """Take one, if need be after waiting `timeout` seconds in one of SQLAlchemy's greenlets. Raises QueueEmpty."""
        if self._items or not block:
            return self.get_nowait()
        item = wait_in_greenlet(self.wait(timeout))
        assert item is not None  # noqa: S101 - nothing was to be read along
        return item

    def get_nowait(self) -> T:
        """Take one. Raises QueueEmpty."""
        if not self._items:
            raise QueueEmpty
        return self._items.pop() if self.use_lifo else self._items.popleft()

    async def wait(self, timeout: float | None, read: RowRead | None = None) -> T | None:  # noqa: ASYNC109 - asyncio.timeout() costs more than all the rest
        """Return what is put in next; callers are served as they came. Raises QueueEmpty after `timeout` seconds.

        What lies ready is had when the turn of the event loop ends: until then more reads of a kind may come.
        Return None if the row of `read` was read along by somebody else.
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
            return self.get_nowait()  # who read their row along took too long
        except asyncio.CancelledError:
            item = None if future.cancelled() or not future.done() or future.exception() else future.result()
            if item is not None:  # it came in the same moment: the next one may have it
                if read is not None:
                    self.release(read)
                if not self.line.hand_over(item):
                    self._items.append(item)  # even as one too many: nobody else has it, and it counts as one
            raise
        finally:
            self.line.leave(waiter)

    def release(self, read: RowRead) -> None:
        """Let those who were to be read along with `read` wait on, or have what lies ready."""
        self.line.release(read)
        self._serve()

    def look_after(self, read: RowRead) -> None:
        """Let those who are read along with `read` have what lies ready, should that take long."""
        if self.line.is_leading(read):
            asyncio.get_running_loop().call_later(LONG, self._part, read)

    def _part(self, read: RowRead) -> None:
        if not self._items:
            self.look_after(read)
        elif self.line.is_leading(read):
            self.line.part(read)
            self._serve()

    def _serve(self) -> None:
        """Hand what lies ready to those who wait."""
        self._serves_in = None
        while self._items:
            item = self.get_nowait()
            if not self.line.hand_over(item):
                self.put_back(item)
                return


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
        except away() as error:
            raise operational_error(error) from error
        finally:
            self.waiting -= waits

    def dispose(self) -> None:
        """Close the connections that lie ready; one that is out, or is being made, is closed when it comes back.

        SQLAlchemy would lay it into this pool, which no engine has any more, and leave it to the garbage collector.
        """
        self.idle.close()
        super().dispose()

    async def take(self) -> ManagesConnection:
        """Take a connection for a single read that can be tried once more; `give_back` must follow.

        Most of the time one lies ready or comes back soon. That needs none of SQLAlchemy's greenlets, nor what it wraps
        around a connection for those who forget to return it; both cost more than all the rest. Raises as `connect`.
        """
        record = None
        if not self.idle.empty():
            record = self.idle.get_nowait()
        elif self.is_exhausted():
            record = await self._wait(None)
        return self._as_it_lies(record) or await self._connect()

    def is_shared(self) -> bool:
        """Return whether others are at work, and nobody has to connect before more can be done."""
        return self.checkedout() > 0 and (not self.idle.empty() or self.is_exhausted())

    async def take_or_be_read_along(self, read: RowRead) -> ManagesConnection | None:
        """Take a connection at the end of the turn; return None if somebody else has read the row. Raise as `take`."""
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
        """Return whether who takes the connection trusts it, and may."""
        return trusting.get() and _is_trusted(record)

    async def _wait(self, read: RowRead | None) -> ConnectionPoolEntry | None:
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
        """Return a connection that was taken; None if it is none to be used without more ado, and lies there again."""
        if record is None or (_is_trusted(record) and self.is_usable_as_it_lies(record)):
            return record
        self.idle.put_back(record)  # nobody else runs before `connect` takes it again
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
    """Return whether a connection just worked, so that it can be had without a word to the server.

    The server has not hung up as far as the driver has heard.
    """
    if monotonic() - record.info.get(RETURNED_AT, 0.0) >= TRUSTED_FOR:
        return False
    is_closed = getattr(record.driver_connection, "is_closed", None)
    return is_closed is None or not is_closed()
