"""Write down when sessions were last used: now and then, many at once, and never while somebody waits for an answer.

The statement that finds a user by their token tells whether the use of their session was noted lately. If it was not,
its key is remembered here, and a task writes all that came together some seconds later. A use that is lost, as with a
server that is killed, is noted by the next request. Personal tokens have a log of the same kind.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from dovetail.contrib.auth.sessions.current import last_noted
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.unit_of_work import Database
from dovetail.plugin import Context
from dovetail.state import StateKey

logger = logging.getLogger("dovetail.auth")

PAUSE = 5.0  # seconds in which uses come together
MOST = 50_000  # sessions that wait to be written down; a use beyond them is noted by a later request
BATCH = 500  # rows that are locked at once


class Used(Protocol):
    """A session or a token that a request came by."""

    @property
    def id(self) -> int:
        """The key."""

    @property
    def is_due(self) -> bool:
        """True if its use is to be noted."""


NoteUse: TypeAlias = Callable[[AsyncSession, Sequence[int]], Awaitable[None]]


class UseLog:
    """Remembers which sessions of a site were used, and writes it down by `note_use`."""

    def __init__(self, database: Database, note_use: NoteUse) -> None:
        self._database = database
        self._note_use = note_use
        self._used: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def note(self, current: Used) -> None:
        """Remember the use of a session, if it is to be written down."""
        if not current.is_due or len(self._used) >= MOST:
            return
        self._used.add(current.id)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_while_used())

    async def write(self) -> None:
        """Write down what was remembered; a failure is logged, and the next requests remember anew."""
        keys, self._used = sorted(self._used), set()
        try:
            for start in range(0, len(keys), BATCH):
                async with self._database.unit_of_work() as session:
                    await self._note_use(session, keys[start : start + BATCH])
        except Exception:
            logger.warning("the last use of %d sessions or tokens was not written down", len(keys), exc_info=True)

    async def close(self) -> None:
        """Write down what is left, as the server stops."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _write_while_used(self) -> None:
        while self._used:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), PAUSE)
            await self.write()


USE_LOGS = StateKey[Mapping[type, UseLog]]("use_logs", "add dovetail.contrib.auth to the plugins")  # by what is used


@asynccontextmanager
async def write_at_the_end(app: FastAPI, context: Context) -> AsyncIterator[None]:
    """Run a site, and write down at its end which sessions were used."""
    del context
    yield
    for log in USE_LOGS.get(app).values():
        await log.close()


def remember_use(app: Starlette, current: Used | None) -> None:
    """Remember that a session or a token was used, for a site that writes it down."""
    logs = USE_LOGS.find(app)
    if logs is not None and current is not None and current.is_due:
        logs[type(current)].note(current)


async def note_use(session: AsyncSession, keys: Sequence[int]) -> None:
    """Write down that the sessions with these keys are used now, which puts off the end of idle ones."""
    now = datetime.now(UTC)
    rows = await session.execute(
        select(Session.id, Session.expires_at, Session.ends_at, Session.idle_seconds)
        .where(Session.id.in_(keys), Session.used_at <= last_noted(now), Session.expires_at > now)
        .order_by(Session.id)
        .with_for_update(skip_locked=True)  # whoever holds a row writes it down, or ends it
    )
    changes: list[dict[str, object]] = []
    for key, expires_at, ends_at, idle_seconds in rows:
        lasts_until = min(ends_at, now + timedelta(seconds=idle_seconds)) if ends_at and idle_seconds else expires_at
        changes.append({"id": key, "used_at": now, "expires_at": lasts_until})
    if changes:
        await session.execute(update(Session), changes)
