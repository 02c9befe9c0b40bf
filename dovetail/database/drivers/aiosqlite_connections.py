"""Open SQLite files so that one which cannot be opened leaves nothing behind, and notice one that was replaced.

All private parts of aiosqlite that Dovetail leans on stand here; tests/database/drivers/test_drivers_private.py fails
when one of them changes.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

P = ParamSpec("P")
T = TypeVar("T")
Identity = tuple[int, int]  # of a file: its device and its inode
FILE = "dovetail_file"  # an attribute of a driver's connection: which file it has open


async def open_connection(*args: Any, **kwargs: Any) -> aiosqlite.Connection:
    """Open a connection, as `aiosqlite.connect` does. Raises sqlite3.Error.

    After a failure aiosqlite tells its thread to end and waits for nobody: a command that gives up at once closes the
    event loop first, and the thread ends in a traceback of its own.
    """
    connection = aiosqlite.connect(*args, **kwargs)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does for the connections that it makes itself
    try:
        return await connection
    except BaseException:
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - there is no public way to wait for it
        raise


async def open_existing(database: str, **kwargs: object) -> aiosqlite.Connection:
    """Open a file that is there already: a server that made a new one would serve an empty site.

    Raises sqlite3.Error. (https://www.sqlite.org/uri.html#urimode)
    """
    if kwargs.get("uri"):  # somebody wrote down how to open it
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
    """Return what stops the statement that a connection runs, at once.

    aiosqlite's own `interrupt` is a coroutine: it would run a step later, when another statement may have begun.
    """
    stop: Callable[[], None] = driver._conn.interrupt  # noqa: SLF001 - see above
    return stop


def let_go_of_lock(driver: aiosqlite.Connection) -> None:
    """End the transaction of a connection that is thrown away, once its thread comes to it; nobody waits for that.

    Python closes it in earnest only when nobody remembers its last statement, and until then it stays locked: a task
    that was cancelled is remembered by its traceback. (It is not interrupted: SQLite would then interrupt the rollback,
    too, for as long as some statement has rows left.)
    """
    driver._tx.put_nowait((None, partial(_roll_back, driver)))  # noqa: SLF001 - its coroutines wait for the thread


async def fetch_last(driver: object, steps: Sequence[tuple[str, tuple[object, ...]]]) -> list[tuple[object, ...]]:
    """Run statements one behind the other, and return the rows of the last; if one fails, none has changed anything.

    Where no transaction has begun they are one. aiosqlite has no public way to run two by one visit to its thread, and
    a visit costs as much as a small statement.
    Raises sqlite3.Error.
    """
    return await visit(driver, _run, steps)


async def visit(
    driver: Any, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return what a function makes of SQLite's own connection in the thread of that, as aiosqlite runs its own."""
    found: T = await driver._execute(work, driver._conn, *args, **kwargs)  # noqa: SLF001 - there is no public way
    return found


def is_still_there(driver: object, database: str) -> bool:
    """Return whether the file that a connection has open is the one that has its name now.

    SQLite goes on with a file that was removed or replaced; what is written to it then is lost.
    """
    known: Identity | None = getattr(driver, FILE, None)
    return known is None or known == identity_of(database)


def identity_of(database: str) -> Identity | None:
    """Return the device and the inode of the file of this name; None if there is none."""
    try:
        found = Path(database).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _run(connection: sqlite3.Connection, steps: Sequence[tuple[str, tuple[object, ...]]]) -> list[tuple[object, ...]]:
    connection.execute("SAVEPOINT dovetail_steps")
    try:
        for sql, arguments in steps[:-1]:
            connection.execute(sql, arguments)
        rows = connection.execute(*steps[-1]).fetchall()
        connection.execute("RELEASE dovetail_steps")  # which looks at deferred foreign keys, where it is a COMMIT
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk, say, has rolled all of the transaction back
            connection.execute("ROLLBACK TO dovetail_steps")
            connection.execute("RELEASE dovetail_steps")
        raise
    return rows


def _roll_back(driver: aiosqlite.Connection) -> None:
    if driver._connection is not None:  # noqa: SLF001 - see let_go_of_lock
        driver._connection.rollback()  # noqa: SLF001 - as above


def _uri(database: str) -> str:
    return Path(database).absolute().as_uri()
