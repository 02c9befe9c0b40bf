"""Open SQLite files without side effects if that fails, and notice when a file was replaced.

This module has all uses of aiosqlite's private parts; tests/database/drivers/test_drivers_private.py fails when one of
them changes.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from dovetail.database.drivers.sqlite_steps import run_steps

P = ParamSpec("P")
T = TypeVar("T")
Identity = tuple[int, int]  # of a file: device and inode
FILE = "dovetail_file"  # attribute of a driver's connection: the Identity of its file


async def open_connection(*args: Any, **kwargs: Any) -> aiosqlite.Connection:
    """Open a connection, as `aiosqlite.connect` does. Raise sqlite3.Error.

    After a failure aiosqlite tells its thread to stop, but does not wait for it. A command that exits at once would
    close the event loop first, and the thread would print a traceback; so this waits for the thread.
    """
    connection = aiosqlite.connect(*args, **kwargs)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does for the connections that it makes itself
    try:
        return await connection
    except BaseException:
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - there is no public way to wait for it
        raise


async def open_existing(database: str, **kwargs: object) -> aiosqlite.Connection:
    """Open a file that must exist (https://www.sqlite.org/uri.html#urimode). Raise sqlite3.Error.

    A server that created a new file would serve an empty site.
    """
    if kwargs.get("uri"):  # the URL says how to open it
        return await open_connection(database, **kwargs)
    before = identity_of(database)
    if before is None:
        error = sqlite3.OperationalError(f"there is no file {database}; run `manage.py migrate`, or bring it back")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN"
        raise error
    connection = await open_connection(f"{_uri(database)}?mode=rw", uri=True, **kwargs)
    setattr(connection, FILE, before)
    return connection


def interrupt_of(driver: Any) -> Callable[[], None]:
    """Return the function that interrupts the statement that a connection is running, at once.

    aiosqlite's own `interrupt` is a coroutine, which would run later, when another statement may have begun.
    """
    stop: Callable[[], None] = driver._conn.interrupt  # noqa: SLF001 - see above
    return stop


def release_lock(driver: aiosqlite.Connection) -> None:
    """Queue a rollback in the thread of a discarded connection, without waiting for it.

    Python really closes a connection only when its last statement has been garbage-collected, and until then the
    database stays locked: the traceback of a cancelled task still refers to it. (No interrupt: as long as a statement
    has rows left, SQLite would interrupt the rollback too.)
    """
    driver._tx.put_nowait((None, partial(_roll_back, driver)))  # noqa: SLF001 - its coroutines wait for the thread


async def fetch_last(driver: object, steps: Sequence[tuple[str, tuple[object, ...]]]) -> list[tuple[object, ...]]:
    """Run statements in order and return the rows of the last. Raise sqlite3.Error; then none has had any effect.

    If no transaction is open, they form one. They run in one call to aiosqlite's thread, for which it has no public
    way: a call costs as much as a small statement.
    """
    return await visit(driver, run_steps, steps)


async def visit(
    driver: Any, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `work` with the sqlite3 connection in aiosqlite's thread, and return its result."""
    found: T = await driver._execute(work, driver._conn, *args, **kwargs)  # noqa: SLF001 - there is no public way
    return found


def is_still_there(driver: object, database: str) -> bool:
    """Return True if the connection's open file is still the one at the path `database`.

    SQLite goes on using a file that was removed or replaced, and whatever is then written to it is lost.
    """
    known: Identity | None = getattr(driver, FILE, None)
    return known is None or known == identity_of(database)


def identity_of(database: str) -> Identity | None:
    """Return device and inode of the file at this path; None if there is none."""
    try:
        found = Path(database).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _roll_back(driver: aiosqlite.Connection) -> None:
    if driver._connection is not None:  # noqa: SLF001 - see release_lock
        driver._connection.rollback()  # noqa: SLF001 - as above


def _uri(database: str) -> str:
    return Path(database).absolute().as_uri()
