"""Record when sessions were last used, at most every few minutes, in batches, and without delaying responses.

The statement that finds the user of a token also returns whether the session's use has to be recorded. If so, its id is
queued here, and a task writes all queued ids some seconds later. If they are lost because a server is killed, the next
request records the use. Personal tokens have a log of the same kind.
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

PAUSE = 5.0  # seconds during which uses are collected
MAX_QUEUED = 50_000  # sessions in the queue; further uses are recorded by later requests
BATCH = 500  # rows locked at once


class Used(Protocol):
    """The session or token of a request."""

    @property
    def id(self) -> int:
        """The id."""

    @property
    def is_due(self) -> bool:
        """True if its use has to be recorded."""


NoteUse: TypeAlias = Callable[[AsyncSession, Sequence[int]], Awaitable[None]]


class UseLog:
    """Queues the ids of used sessions, and records them with `note_use`."""

    def __init__(self, database: Database, note_use: NoteUse) -> None:
        self._database = database
        self._note_use = note_use
        self._used: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def note(self, current: Used) -> None:
        """Queue the id of a session if its use has to be recorded."""
        if not current.is_due or len(self._used) >= MAX_QUEUED:
            return
        self._used.add(current.id)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_while_used())

    async def write(self) -> None:
        """Record the queued uses; a failure is logged, and later requests queue them again."""
        keys, self._used = sorted(self._used), set()
        try:
            for start in range(0, len(keys), BATCH):
                async with self._database.unit_of_work() as session:
                    await self._note_use(session, keys[start : start + BATCH])
        except Exception:
            logger.warning("the last use of %d sessions or tokens was not written down", len(keys), exc_info=True)

    async def close(self) -> None:
        """Record the remaining uses when the server stops."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _write_while_used(self) -> None:
        while self._used:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), PAUSE)
            await self.write()


USE_LOGS = StateKey[Mapping[type, UseLog]]("use_logs", "add dovetail.contrib.auth to the plugins")  # by type of `Used`


@asynccontextmanager
async def write_at_the_end(app: FastAPI, context: Context) -> AsyncIterator[None]:
    """Record the remaining uses at shutdown."""
    del context
    yield
    for log in USE_LOGS.get(app).values():
        await log.close()


def remember_use(app: Starlette, current: Used | None) -> None:
    """Queue the use of a session or token, if the site records it."""
    logs = USE_LOGS.find(app)
    if logs is not None and current is not None and current.is_due:
        logs[type(current)].note(current)


async def note_use(session: AsyncSession, keys: Sequence[int]) -> None:
    """Record that these sessions were used now, which extends sessions with an idle timeout."""
    now = datetime.now(UTC)
    rows = await session.execute(
        select(Session.id, Session.expires_at, Session.ends_at, Session.idle_seconds)
        .where(Session.id.in_(keys), Session.used_at <= last_noted(now), Session.expires_at > now)
        .order_by(Session.id)
        .with_for_update(skip_locked=True)  # a locked row is being updated or deleted by another transaction
    )
    changes: list[dict[str, object]] = []
    for key, expires_at, ends_at, idle_seconds in rows:
        lasts_until = min(ends_at, now + timedelta(seconds=idle_seconds)) if ends_at and idle_seconds else expires_at
        changes.append({"id": key, "used_at": now, "expires_at": lasts_until})
    if changes:
        await session.execute(update(Session), changes)
