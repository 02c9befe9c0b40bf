"""SQLite has one writer at a time: those of one process queue here, in the order they came, for a bounded time.

A writer waits for its turn in this process, for a connection, and for writers of other processes. Each by itself could
take as long as a request may wait at all; so one time bounds all that stands between it and its first statement.
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
# In a session's info: a function that gives the Connection that it works on.
CONNECT = InfoKey[Callable[[], Connection]]("connect")
WORTH_SAYING = 0.05  # seconds of waiting: telling SQLite costs a hundredth of that
_until: ContextVar[float | None] = ContextVar("dovetail_waits_until", default=None)


def begin_to_wait(seconds: float) -> None:
    """Give all waits from now on `seconds` together."""
    _until.set(monotonic() + seconds)


def have_waited() -> None:
    """End the count: nothing more stands in the way, or the work was given up."""
    _until.set(None)


def time_left(otherwise: float | None) -> float | None:
    """Return the seconds that may be waited yet; `otherwise` where nobody counts them."""
    until = _until.get()
    return otherwise if until is None else max(0.0, until - monotonic())


class QueueingSession(Session):
    """Waits for its turn when it first needs a connection, not before: hashing a password holds nobody up."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Wait for the turn, then answer as SQLAlchemy does, which asks this before it takes a connection.

        Raises UnavailableError if the turn does not come in time.
        """
        if may_block():
            if (connect := self.info.get(CONNECT)) is not None:
                bind: Connection = connect()
                return bind
            if (take_turn := self.info.pop(TAKE_TURN, None)) is not None:
                wait_in_greenlet(take_turn())
        return super().get_bind(*args, **kwargs)


class WriterQueue:
    """Lets one in at a time, first come, first served; others wait at most `patience` seconds.

    SQLite's own way of waiting is to ask again and again with growing pauses. Whoever comes in a pause goes first, so
    that among fifty writers some wait for ever, each with a connection in hand that readers are waiting for. Writers of
    other processes are still left to SQLite.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it during the block. Raises UnavailableError if it does not come in time."""
        await self.take()
        try:
            yield
        finally:
            self.give_back()

    async def take(self) -> None:
        """Wait for a turn; `give_back` must follow. Raises UnavailableError if it does not come in time."""
        begin_to_wait(self.patience)
        try:
            async with asyncio.timeout(self.patience):
                await self._lock.acquire()
        except TimeoutError:
            raise UnavailableError(
                gettext("Too many want to write to the database at once; try again shortly.")
            ) from None

    def give_back(self) -> None:
        """Let the next one in."""
        self._lock.release()

    def has_waited(self) -> bool:
        """Return whether a noticeable part of the time is over, right behind what was to be waited for."""
        return self.patience - (time_left(self.patience) or 0.0) >= WORTH_SAYING
