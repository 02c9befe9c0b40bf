"""A storage backend for the `limits` library on the site's own database, with the scheme `async+dovetail://`."""

import time
from typing import ClassVar

from limits.aio.storage import MovingWindowSupport, Storage
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from dovetail.contrib.throttling import statements
from dovetail.contrib.throttling.database_cells import DatabaseCells
from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.statements import SECOND, Cell
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.unit_of_work import Database


class DatabaseStorage(Storage, MovingWindowSupport, DatabaseCells):
    """Counts in rows for the strategies of the `limits` library.

    MovingWindowRateLimiter uses GCRA here. It allows at most twice the limit within any window, and only the average
    rate after a full window. FixedWindowRateLimiter counts in fixed windows.
    """

    STORAGE_SCHEME: ClassVar[list[str]] = ["async+dovetail"]  # type: ignore[misc]  # untyped: the library has no ClassVar

    def __init__(self, uri: str | None = None, *, database: Database, **options: bool) -> None:
        super().__init__(uri, **options)
        DatabaseCells.__init__(self, database)

    @property
    def base_exceptions(self) -> type[Exception]:
        """The exceptions that the library wraps if `wrap_exceptions` is set."""
        return SQLAlchemyError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests at once under one key; return whether the limit allows them."""
        cell = Cell(key, expiry * SECOND // limit * amount, expiry * SECOND)
        return cell.step <= cell.span and not (await self.take_cells([cell]))[0].refused

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return (start of the window in seconds since 1970, number of requests counted in it)."""
        ahead = await self._ahead(key)
        return time.time() + ahead / SECOND - expiry, -(-ahead // (expiry * SECOND // limit))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter and return its value; it is reset `expiry` seconds after its first hit."""
        async with self._database.unit_of_work() as session:
            return int(await session.scalar(statements.count(self._dialect, key, amount, expiry * SECOND)) or 0)

    async def get(self, key: str) -> int:
        """Return the value of a counter."""
        clock = statements.now(self._dialect)
        async with self._database.unit_of_work(read_only=True) as session:
            return int(await session.scalar(select(Bucket.hits).where(Bucket.key == key, Bucket.until > clock)) or 0)

    async def get_expiry(self, key: str) -> float:
        """Return when a key expires, in seconds since 1970."""
        return time.time() + await self._ahead(key) / SECOND

    async def check(self) -> bool:
        """Return True if the table can be read."""
        try:
            async with self._database.unit_of_work(read_only=True) as session:
                await session.scalar(select(Bucket.key).limit(1))
        except SQLAlchemyError:
            return False
        return True

    async def reset(self) -> int | None:
        """Delete all keys, and return how many there were."""
        return await self.forget_keys("", "")

    async def clear(self, key: str) -> None:
        """Delete a key."""
        async with self._database.unit_of_work() as session:
            await session.execute(delete(Bucket).where(Bucket.key == key), execution_options=NO_SYNCHRONIZATION)
