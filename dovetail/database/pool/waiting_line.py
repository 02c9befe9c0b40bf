"""The line of those who wait for a connection, and the rows that one of them reads along for others of the line.

Where many requests come at once, most of them read one row by the same statement, with other arguments. So who gets a
connection reads the rows of others of the same kind along, who keep their place in the line until they have their row:
if that fails they wait on, as if nobody had tried. That is how rows are read together.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Generic, TypeAlias, TypeVar

from dovetail.database.drivers.sqlalchemy_private import QueueEmpty

T = TypeVar("T")
Arguments: TypeAlias = tuple[Hashable, ...]  # of a statement, as the driver takes them
Rows: TypeAlias = Sequence[Sequence[object]]
RINGS_WITHIN = 0.001  # seconds by which a loop may be early
MOST_TOGETHER = 64  # rows of one statement
LOOKED_AT = 256  # of those who wait, in search of reads of one kind


@dataclass(eq=False, slots=True)
class RowRead:
    """A read of one row; those of one `kind` differ in the arguments only, so that one statement can read them all.

    It has `rows` once somebody else has read them.
    """

    kind: object
    arguments: Arguments
    rows: Rows = ()


@dataclass(eq=False, slots=True)
class Waiter(Generic[T]):
    """Somebody who waits, until they give up."""

    until: float  # by the loop's time
    read: RowRead | None
    future: "asyncio.Future[T | None]"
    is_served: bool = False  # or is to be, by somebody who reads their row along


class WaitingLine(Generic[T]):
    """The waiters, in the order of coming."""

    def __init__(self) -> None:
        self.waiting: dict[Waiter[T], None] = {}
        self._companions: dict[RowRead, list[Waiter[T]]] = {}  # who is read along, by whose read
        self._timer: tuple[asyncio.AbstractEventLoop, float, asyncio.TimerHandle] | None = None  # and when it rings

    def join(self, seconds: float | None, read: RowRead | None) -> Waiter[T]:
        """Return somebody who waits from now on, whose future is to be awaited; `leave` must follow.

        It gives what is handed over, or None if the row was read along. It raises QueueEmpty after so many `seconds`.
        """
        loop = asyncio.get_running_loop()
        until = inf if seconds is None else loop.time() + seconds
        waiter: Waiter[T] = Waiter(until, read, loop.create_future())
        self.waiting[waiter] = None
        self._ring(loop, until)
        return waiter

    def leave(self, waiter: Waiter[T]) -> None:
        """Let somebody leave, who has waited long enough, or has what they waited for."""
        self.waiting.pop(waiter, None)

    def hand_over(self, item: T) -> bool:
        """Give `item` to who has waited longest, and is not served yet; return False if there is nobody."""
        for waiter in self.waiting:
            if not waiter.is_served and not waiter.future.done():
                waiter.is_served = True
                waiter.future.set_result(item)
                if waiter.read is not None:
                    self.gather(waiter.read)
                return True
        return False

    def gather(self, read: RowRead) -> list[Arguments]:
        """Return the arguments of the reads to do along with `read`, and its own first.

        Who gets a connection gathers, and before the statement is sent once more: some came in between.
        """
        found = self._companions.setdefault(read, [])
        for waiter in islice(self.waiting, LOOKED_AT):
            if waiter.is_served or waiter.read is None or waiter.read.kind != read.kind:
                continue
            if len(found) == MOST_TOGETHER - 1:
                break
            waiter.is_served = True
            found.append(waiter)
        return list(dict.fromkeys([read.arguments, *[one.read.arguments for one in found if one.read is not None]]))

    def answer(self, read: RowRead, found: Mapping[Arguments, Rows]) -> None:
        """Give to those who were read along what was found by their arguments."""
        for waiter in self._companions.pop(read, ()):
            if waiter.read is not None and not waiter.future.done():
                waiter.read.rows = found.get(waiter.read.arguments, ())
                waiter.future.set_result(None)

    def is_leading(self, read: RowRead) -> bool:
        """Return whether some are read along with `read`, and have no answer yet."""
        return bool(self._companions.get(read))

    def part(self, read: RowRead) -> None:
        """Let those who are read along with `read` be served by others too: they take what comes first."""
        for waiter in self._companions[read]:
            waiter.is_served = waiter.future.done()

    def release(self, read: RowRead) -> None:
        """Let those who were to be read along, and have no answer, wait on where they were, each by itself."""
        for waiter in self._companions.pop(read, ()):
            waiter.is_served, waiter.read = False, None

    def _ring(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """Have one timer ring for all who wait, when the first of them gives up: nearly nobody ever does."""
        if self._timer is not None and self._timer[0] is loop:  # that of a loop that was closed never rings
            _, earlier, handle = self._timer
            if earlier <= until:
                return
            handle.cancel()
        self._timer = None if until == inf else (loop, until, loop.call_at(until, self._give_up, loop))

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let those who have waited long enough give up, and ring again for the next."""
        self._timer, now = None, loop.time() + RINGS_WITHIN
        for waiter in [one for one in self.waiting if one.until <= now]:
            self.leave(waiter)
            if not waiter.future.done():
                waiter.future.set_exception(QueueEmpty())
        if self.waiting:
            self._ring(loop, min(one.until for one in self.waiting))
