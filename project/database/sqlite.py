"""Opens SQLite files so that a file which cannot be opened leaves nothing behind."""

import asyncio
from typing import Any

import aiosqlite


async def open_connection(*args: Any, **kwargs: Any) -> aiosqlite.Connection:
    """A connection, as `aiosqlite.connect` makes it. Raises sqlite3.Error.

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
