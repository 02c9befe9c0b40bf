"""Write refusals to the table in the background, so that no request waits for it and the table cannot be flooded.

Since attackers can cause any number of refusals, equal ones are combined into one row per minute with a count. A
process writes at most MAXIMUM_ROWS rows per minute; further refusals are only counted by kind. If a process is killed,
the rows of the last moment are lost, but not its log lines, which are written at once.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TypeAlias

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from dovetail.contrib.auth.events.models import SecurityEvent
from dovetail.database.unit_of_work import BESIDE_REQUESTS, Database
from dovetail.state import StateKey

PAUSE = 0.2  # seconds between two writes
WINDOW = 60.0  # seconds within which equal refusals are combined
MAXIMUM_ROWS = 500  # in a window
MORE = "further refusals of this kind; the log has each"
logger = logging.getLogger("dovetail.auth.events")

Key: TypeAlias = tuple[object, ...]


@dataclass(kw_only=True)
class _Refusal:
    values: Mapping[str, object]
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    times: int = 1

    def row(self) -> dict[str, object]:
        return {**self.values, "created_at": self.created_at, "times": self.times}


class Recorder:
    """Collects the refusals of one process and writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._new: dict[Key, _Refusal] = {}
        self._repeated: dict[Key, _Refusal] = {}
        self._seen: set[Key] = set()  # the keys in this window
        self._window_ends = 0.0
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._news = asyncio.Event()  # set when there is a new refusal to write, not only repetitions

    def add(self, key: Key, values: Mapping[str, object]) -> None:
        """Add a refusal; those with the same key are combined."""
        if monotonic() >= self._window_ends:
            self._window_ends = monotonic() + WINDOW
            self._seen.clear()
        if key not in self._seen and len(self._seen) >= MAXIMUM_ROWS:
            key, values = (values["kind"],), {"kind": values["kind"], "detail": MORE}
        if key not in self._seen:
            self._seen.add(key)
            self._new[key] = _Refusal(values=values)
            self._news.set()
        elif (known := self._new.get(key) or self._repeated.get(key)) is not None:
            known.times += 1
        else:
            self._repeated[key] = _Refusal(values=values)
        if self._task is None or self._task.done():
            # In a context of its own, so that it is not attributed to the request.
            self._task = asyncio.get_running_loop().create_task(self._write(), context=Context())

    async def settle(self) -> None:
        """Write everything that is pending, and wait for it."""
        if self._task is not None:
            self._hurry.set()
            self._news.set()
            await self._task
            self._hurry.clear()
            self._news.clear()

    async def _write(self) -> None:
        while self._new or self._repeated:
            if not self._new and not self._hurry.is_set():
                await _wait(self._news, self._window_ends - monotonic())
            if self._new:
                await _wait(self._hurry, PAUSE)
                self._news.clear()
                batch, self._new = self._new, {}
            else:
                batch, self._repeated = self._repeated, {}
            await self._insert([refusal.row() for refusal in batch.values()])

    async def _insert(self, rows: list[dict[str, object]]) -> None:
        try:
            try:
                await self._insert_all(rows)
            except IntegrityError:  # an account was deleted meanwhile; its name is kept
                await self._insert_all([row | {"user_id": None, "actor_id": None} for row in rows])
        except Exception as error:  # noqa: BLE001 - nobody awaits this task, and the log already has each event
            logger.warning("%d security events were not written: %s", len(rows), str(error).partition("\n")[0])

    async def _insert_all(self, rows: list[dict[str, object]]) -> None:
        async with self._database.unit_of_work() as session:
            await session.execute(insert(SecurityEvent), rows, execution_options=BESIDE_REQUESTS)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or until a number of seconds has passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()


RECORDER = StateKey[Recorder]("security_event_recorder", "add dovetail.contrib.auth to the plugins")
