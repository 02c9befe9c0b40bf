"""The queue of waiters for a connection, in which one waiter can read a batch of rows for itself and others.

When many requests arrive at once, most of them read one row by the same statement with different arguments, or the very
same page of a list. So the waiter that gets a connection sends one statement for all waiting reads of the same kind.
The others keep their place in the queue until they have their rows: if the batch fails, they go on waiting as if it had
never been tried.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Generic, TypeAlias, TypeVar

from dovetail.database.drivers.sqlalchemy_private import QueueEmpty

T = TypeVar("T")
Arguments: TypeAlias = tuple[Hashable, ...]  # of a statement, converted for the driver
Rows: TypeAlias = Sequence[Sequence[object]]
RINGS_WITHIN = 0.001  # seconds by which the event loop may run a timer early
# Reads in one batch. If many more arrive at once, several statements read them: the rows of the first are sent while
# PostgreSQL, on other cores too, reads those of the next.
MOST_TOGETHER = 16
LOOKED_AT = 256  # waiters that are searched for reads of the same kind


@dataclass(eq=False, slots=True)
class Read:
    """A read of a row or of a page. Reads of the same `kind` differ at most in their arguments: one statement does all.

    `rows` is set when another waiter's batch has read them.
    """

    kind: object
    arguments: Arguments
    rows: Rows = ()


@dataclass(eq=False, slots=True)
class Waiter(Generic[T]):
    """A waiter for a connection, with its deadline."""

    until: float  # the deadline, by the loop's time
    read: Read | None  # the read that a batch may do for it
    future: "asyncio.Future[T | None]"
    is_served: bool = False  # has a connection, or is part of another waiter's batch


class WaitingLine(Generic[T]):
    """The waiters in order of arrival."""

    def __init__(self) -> None:
        self.waiting: dict[Waiter[T], None] = {}
        self._companions: dict[Read, list[Waiter[T]]] = {}  # the other waiters of a batch, by its read
        self._timer: tuple[asyncio.AbstractEventLoop, float, asyncio.TimerHandle] | None = None  # with its time

    def join(self, seconds: float | None, read: Read | None) -> Waiter[T]:
        """Add a waiter and return it; its future is to be awaited, and `leave` must follow.

        The future returns the item handed over, or None if a batch has done the read. It raises QueueEmpty after
        `seconds`.
        """
        loop = asyncio.get_running_loop()
        until = inf if seconds is None else loop.time() + seconds
        waiter: Waiter[T] = Waiter(until, read, loop.create_future())
        self.waiting[waiter] = None
        self._set_timer(loop, until)
        return waiter

    def leave(self, waiter: Waiter[T]) -> None:
        """Remove a waiter, after it was served or has given up."""
        self.waiting.pop(waiter, None)

    def hand_over(self, item: T) -> bool:
        """Give `item` to the first waiter that is not served yet; return False if there is none."""
        for waiter in self.waiting:
            if not waiter.is_served and not waiter.future.done():
                waiter.is_served = True
                waiter.future.set_result(item)
                if waiter.read is not None:
                    self.gather(waiter.read)
                return True
        return False

    def gather(self, read: Read) -> list[Arguments]:
        """Collect a batch for `read`: return its own arguments first, then those of other waiting reads of its kind.

        This is called when a waiter gets a connection, and again just before the statement is sent, since more reads
        may have arrived in between.
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

    def answer(self, read: Read, found: Mapping[Arguments, Rows]) -> None:
        """Give the other waiters of the batch their rows, by their arguments."""
        for waiter in self._companions.pop(read, ()):
            if waiter.read is not None and not waiter.future.done():
                waiter.read.rows = found.get(waiter.read.arguments, ())
                waiter.future.set_result(None)

    def is_leading(self, read: Read) -> bool:
        """Return True if the batch of `read` has other waiters that are not answered yet."""
        return bool(self._companions.get(read))

    def part(self, read: Read) -> None:
        """Allow the other waiters of the batch to be given a connection as well: they take whatever comes first."""
        for waiter in self._companions[read]:
            waiter.is_served = waiter.future.done()

    def release(self, read: Read) -> None:
        """Dissolve the batch: its other waiters go on waiting at their places, and read alone."""
        for waiter in self._companions.pop(read, ()):
            waiter.is_served, waiter.read = False, None

    def _set_timer(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """Set one timer for all waiters, to the earliest deadline: hardly any waiter reaches it."""
        if self._timer is not None and self._timer[0] is loop:  # a timer of a closed loop never runs
            _, earlier, handle = self._timer
            if earlier <= until:
                return
            handle.cancel()
        self._timer = None if until == inf else (loop, until, loop.call_at(until, self._give_up, loop))

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Remove the waiters whose deadline has passed, and set the timer for the next one."""
        self._timer, now = None, loop.time() + RINGS_WITHIN
        for waiter in [one for one in self.waiting if one.until <= now]:
            self.leave(waiter)
            if not waiter.future.done():
                waiter.future.set_exception(QueueEmpty())
        if self.waiting:
            self._set_timer(loop, min(one.until for one in self.waiting))
