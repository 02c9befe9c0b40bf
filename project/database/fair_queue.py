"""First come, first served: the queue a pool keeps its free connections in."""

import asyncio
from collections import deque
from typing import TypeVar

from sqlalchemy.util import memoized_property
from sqlalchemy.util.queue import AsyncAdaptedQueue

T = TypeVar("T")


class HandoverQueue(asyncio.Queue[T]):
    """A queue that hands what is put straight to whoever has waited longest.

    asyncio's own wakes that one and leaves the thing lying: a newcomer takes it first, and the one who was woken goes
    to the end of the line. Among fifty busy clients some then wait until they give up, while others are served again
    and again.
    """

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._waiting: deque[asyncio.Future[T]] = deque()

    def put_nowait(self, item: T) -> None:
        """Hand `item` over, or keep it if nobody waits. Raises QueueFull."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(item)
                return
        super().put_nowait(item)

    async def get(self) -> T:
        """Take an item, or wait in line for one."""
        if not self.empty():
            return self.get_nowait()
        mine: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            return await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was handed over in the same moment: pass it on
                self.put_nowait(mine.result())
            raise


class FairQueue(AsyncAdaptedQueue[T]):
    """SQLAlchemy's queue for an async pool, made fair."""

    @memoized_property
    def _queue(self) -> asyncio.Queue[T]:
        return HandoverQueue(self.maxsize)
