"""Check that a site can work: its database answers, takes changes, has room for them, and all migrations and tables.

A load balancer asks every second or so, of every process. So one look serves all who ask within a second; it uses one
connection of its own, because a busy pool is no reason to send this process's load to the others, and takes no longer
where the tables hold more.
"""

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.database.drivers.aiosqlite_connections import identity_of
from dovetail.database.engine.urls import is_memory
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError
from dovetail.migrations.history.applied import Applied
from dovetail.migrations.history.ledger import recorded
from dovetail.migrations.history.pending import missing_from
from dovetail.migrations.missing_tables import absent, made_tables, plugins_ahead
from dovetail.registry import Registry

TIMEOUT = 2.0  # seconds that a look may take
KEPT = 1.0  # seconds for which it serves those who ask
ROOM = 2**20  # bytes that SQLite's disk has left at least: the log beside the file takes each change before it does
GONE = "The file of the database is gone."
FULL = "The disk of the database is full."
READ_ONLY = "The database takes no changes."
EMPTY = "The database has no tables; run `manage.py migrate`."
SILENT = "The database does not answer."
LACKING = "The database lacks %d of the tables of the models; the log names them."
logger = logging.getLogger("dovetail.database")


@dataclass(frozen=True)
class _Look:
    """The result of one look; `problem` is None if all is well."""

    problem: str | None
    cause: BaseException | None = None


class Readiness:
    """Looks at the database of one application."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry
        self._last = _Look(None)
        self._until = 0.0
        self._looking: asyncio.Task[_Look] | None = None
        self._told: frozenset[str] = frozenset()  # the missing tables that the log has named

    async def check(self) -> None:
        """Raise UnavailableError, with what is the matter, unless the site can do its work."""
        if monotonic() >= self._until:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
            await asyncio.shield(self._looking)
        if self._last.problem is not None:
            raise UnavailableError(self._last.problem) from self._last.cause

    async def _look(self) -> _Look:
        try:
            async with asyncio.timeout(TIMEOUT):
                found = _Look(await self._find_problem())
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            found = _Look(SILENT, error)
        self._last, self._until, self._looking = found, monotonic() + KEPT, None
        return found

    async def _find_problem(self) -> str | None:
        url = self._database.engine.url
        if url.get_backend_name() == "sqlite" and not is_memory(url) and identity_of(str(url.database)) is None:
            return GONE
        if url.get_backend_name() == "sqlite" and not is_memory(url) and not await _has_room(str(url.database)):
            return FULL
        async with self._database.outside_the_pool() as session:
            connection = await session.connection()
            takes_changes = _sqlite_takes_changes if connection.dialect.name == "sqlite" else _postgresql_takes_changes
            if not await takes_changes(connection):
                return READ_ONLY
            rows = await connection.run_sync(recorded)
            gone = frozenset() if rows is None else await connection.run_sync(absent, self._tables)
        # Files are read only where something is missing, and not while others wait for the event loop.
        applied = [row.revision for row in rows or ()]
        missing = await asyncio.to_thread(missing_from, applied, self._registry)
        if missing and rows is None:
            return EMPTY
        if missing:
            return f"{len(missing)} of the migrations were not applied; run `manage.py migrate`."
        return await self._tell_missing_tables(gone, rows or ())

    async def _tell_missing_tables(self, gone: frozenset[str], rows: Sequence[Applied]) -> str | None:
        """Return the answer for tables that are gone, and log their names once; strangers are not told them."""
        if gone:
            ahead = await asyncio.to_thread(plugins_ahead, rows, self._registry)
            gone = frozenset(name for name in gone if self._tables[name] not in ahead)
        if gone and gone != self._told:
            logger.error(
                "The database lacks the tables %s, though it has all migrations; restore them from a backup, or run "
                "`manage.py makemigrations` if no migration makes them.",
                ", ".join(sorted(gone)),
            )
        self._told = gone
        return LACKING % len(gone) if gone else None

    @cached_property
    def _tables(self) -> Mapping[str, str]:
        return made_tables(self._registry, self._database.engine.dialect)


async def _has_room(path: str) -> bool:
    found = await asyncio.to_thread(shutil.disk_usage, path)  # that of the file, if the path is a link
    return found.free >= ROOM


async def _postgresql_takes_changes(connection: AsyncConnection) -> bool:
    found = await connection.scalar(text("SELECT current_setting('transaction_read_only')"))
    return bool(found == "off")


async def _sqlite_takes_changes(connection: AsyncConnection) -> bool:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.rollback()  # it began to read
    await driver.execute("PRAGMA busy_timeout=0")  # that somebody writes is as good an answer
    try:
        await driver.execute("BEGIN IMMEDIATE")
        await driver.rollback()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return True
