"""A queue for SQLite's writers, since SQLite allows one at a time: first come, first served, for a limited time.

A writer waits for its turn in this process, for a connection, and for writers of other processes. Each wait alone could
use up the time that a request may wait; so one deadline covers all waits before its first statement.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from dovetail.database.drivers.sqlalchemy_private import may_block, wait_in_greenlet
from dovetail.errors import UnavailableError
from dovetail.state import InfoKey
from dovetail.translation.texts import gettext

# In a session's info: a coroutine function to await before the first statement.
TAKE_TURN = InfoKey[Callable[[], Awaitable[None]]]("take_turn")
# In a session's info: a function that returns the Connection to work on.
CONNECT = InfoKey[Callable[[], Connection]]("connect")
WORTH_SAYING = 0.05  # seconds waited from which SQLite's busy_timeout is shortened, which costs a hundredth of that
_until: ContextVar[float | None] = ContextVar("dovetail_waits_until", default=None)


def set_wait_deadline(seconds: float) -> None:
    """Set the deadline for all waits of this task: `seconds` from now."""
    _until.set(monotonic() + seconds)


def clear_wait_deadline() -> None:
    """Clear the deadline, after the last wait or when the work is given up."""
    _until.set(None)


def time_left(otherwise: float | None) -> float | None:
    """Return the seconds until the deadline; `otherwise` if there is none."""
    until = _until.get()
    return otherwise if until is None else max(0.0, until - monotonic())


class QueueingSession(Session):
    """A session that waits for its turn when it first needs a connection, so that earlier work blocks no writer."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Wait for the turn, then return the bind; SQLAlchemy calls this before it takes a connection.

        Raise UnavailableError if the turn does not come in time.
        """
        if may_block():
            if (connect := self.info.get(CONNECT)) is not None:
                bind: Connection = connect()
                return bind
            if (take_turn := self.info.pop(TAKE_TURN, None)) is not None:
                wait_in_greenlet(take_turn())
        return super().get_bind(*args, **kwargs)


class WriterQueue:
    """A lock for one writer at a time, in order of arrival; the others wait at most `patience` seconds.

    SQLite itself waits by retrying with growing pauses. A writer that arrives during a pause overtakes the others, so
    that of fifty writers some starve, each holding a connection that readers wait for. Writers of other processes still
    wait in SQLite's way.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it during the block. Raise UnavailableError if it does not come in time."""
        await self.take()
        try:
            yield
        finally:
            self.give_back()

    async def take(self) -> None:
        """Wait for a turn; `give_back` must follow. Raise UnavailableError if it does not come in time."""
        set_wait_deadline(self.patience)
        try:
            async with asyncio.timeout(self.patience):
                await self._lock.acquire()
        except TimeoutError:
            raise UnavailableError(
                gettext("Too many want to write to the database at once; try again shortly.")
            ) from None

    def give_back(self) -> None:
        """Give the turn to the next writer."""
        self._lock.release()

    def has_waited(self) -> bool:
        """Return True if a noticeable part of the time has passed; to be called right after the waits."""
        return self.patience - (time_left(self.patience) or 0.0) >= WORTH_SAYING
