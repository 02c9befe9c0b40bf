"""The queue in which idle connections lie: whoever has waited longest for one is served first."""

import asyncio
from collections import deque
from typing import TypeVar

from dovetail.database.drivers.sqlalchemy_private import PoolQueue, QueueEmpty, QueueFull, wait_in_greenlet
from dovetail.database.pool.wait_budget import time_left

T = TypeVar("T")


class FairQueue(PoolQueue[T]):
    """Hands what comes back to the one who has waited longest, instead of laying it where a newcomer finds it first.

    With asyncio's own queue, on which SQLAlchemy's pool stands, a newcomer takes what a waiter was woken for, and the
    waiter queues anew behind all others: under load some starve for seconds.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self._items: deque[T] = deque()
        self._waiting: deque[asyncio.Future[T]] = deque()

    def empty(self) -> bool:
        """Return whether nothing is in the queue."""
        return not self._items

    def full(self) -> bool:
        """Return whether nothing more may be put in."""
        return 0 < self.maxsize <= len(self._items)

    def qsize(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - SQLAlchemy's signature
        """Give `item` to who waits, or lay it down. Raises QueueFull; nobody waits here: a pool never asks for it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # not cancelled
                waiter.set_result(item)
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

    def peek(self) -> T | None:
        """Return what `get_nowait` would give; None if that is nothing."""
        if not self._items:
            return None
        return self._items[-1 if self.use_lifo else 0]

    def get(self, block: bool = True, timeout: float | None = None) -> T:  # noqa: FBT001, FBT002 - SQLAlchemy's signature
        """Take one, if need be after waiting `timeout` seconds in one of SQLAlchemy's greenlets. Raises QueueEmpty."""
        if self._items or not block:
            return self.get_nowait()
        return wait_in_greenlet(self.wait(timeout))

    def get_nowait(self) -> T:
        """Take one. Raises QueueEmpty."""
        if not self._items:
            raise QueueEmpty
        return self._items.pop() if self.use_lifo else self._items.popleft()

    async def wait(self, timeout: float | None) -> T:  # noqa: ASYNC109 - a timer costs a tenth of asyncio.timeout()
        """Return what is put in next; callers are served as they came. Raises QueueEmpty after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        timeout = time_left(timeout)
        waiter: asyncio.Future[T] = loop.create_future()
        self._waiting.append(waiter)
        timer = None if timeout is None else loop.call_later(timeout, self._give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.put(waiter.result())  # it came in the same moment: the next one may have it
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _give_up(self, waiter: asyncio.Future[T]) -> None:
        if not waiter.done():
            self._waiting.remove(waiter)
            waiter.set_exception(QueueEmpty())
