"""SQLite has one writer at a time: those of one process queue here, in the order they came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from project.errors import UnavailableError


class TakeTurns:
    """Lets one in at a time, first come, first served; others wait at most `patience` seconds.

    SQLite's own way of waiting is to ask again and again with growing pauses. Whoever comes in a pause goes first, so
    that among fifty writers some wait for ever, each with a connection in hand that readers are waiting for. Writers of
    other processes are still left to SQLite.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """One turn. Raises UnavailableError if it does not come in time."""
        try:
            async with asyncio.timeout(self._patience):
                await self._lock.acquire()
        except TimeoutError:
            raise UnavailableError("Too many want to write to the database at once; try again shortly.") from None
        try:
            yield
        finally:
            self._lock.release()
