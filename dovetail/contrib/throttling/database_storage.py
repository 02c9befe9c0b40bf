"""A storage of the `limits` library on the site's own database, `async+dovetail://`."""

import time
from collections.abc import Sequence
from typing import ClassVar

from limits.aio.storage import MovingWindowSupport, Storage
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.throttling import statements
from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.statements import SECOND, Cell
from dovetail.contrib.throttling.storages import GcraSupport, Taken
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.unit_of_work import Database


class DatabaseStorage(Storage, MovingWindowSupport, GcraSupport):
    """Counts in rows, each request in a transaction of its own.

    The library's MovingWindowRateLimiter counts here by GCRA, which lets through no more in any window than twice what
    the window allows, and after a full one no more than its rate; its FixedWindowRateLimiter counts in windows.
    """

    STORAGE_SCHEME: ClassVar[list[str]] = ["async+dovetail"]  # type: ignore[misc]  # untyped: the library has no ClassVar

    def __init__(self, uri: str | None = None, *, database: Database, **options: bool) -> None:
        super().__init__(uri, **options)
        self._database = database
        self._dialect = database.engine.dialect

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors that `wrap_exceptions` wraps."""
        return SQLAlchemyError

    async def take_cells(self, cells: Sequence[Cell]) -> Sequence[Taken]:
        """Count a request against each cell: one statement, and a second one only if a cell refuses it."""
        async with self._database.unit_of_work() as session:
            rows = (await session.execute(*statements.take(self._dialect, cells))).all()
            if any(row.refused for row in rows) and not all(row.refused for row in rows):
                granted = {row.key for row in rows if not row.refused}
                back = statements.give_back(self._dialect, [cell for cell in cells if cell.key in granted])
                await session.execute(*back)
        found = {row.key: (row.until - row.now, bool(row.refused)) for row in rows}
        return [Taken(cell, *found[cell.key]) for cell in cells]

    async def give_back_cells(
        self, cells: Sequence[Cell], remember: tuple[str, int] | None = None, session: AsyncSession | None = None
    ) -> None:
        """Take a request out of each cell again, and remember a key, in the transaction of `session` if it is given."""
        if session is None:
            async with self._database.unit_of_work() as own:
                await self.give_back_cells(cells, remember, own)
            return
        if cells:
            await session.execute(*statements.give_back(self._dialect, cells))
        if remember is not None:
            key, seconds = remember
            await session.execute(statements.remember(self._dialect, key, seconds * SECOND))

    async def forget_keys(self, prefix: str, part: str) -> int:
        """Forget the keys that begin with `prefix` and hold `part`, and return how many there were."""
        found = delete(Bucket).where(
            Bucket.key.startswith(prefix, autoescape=True), Bucket.key.contains(part, autoescape=True)
        )
        async with self._database.unit_of_work() as session:
            return len((await session.execute(found.returning(Bucket.key), execution_options=NO_SYNCHRONIZATION)).all())

    async def remembers_key(self, key: str) -> bool:
        """Return True if the key is remembered."""
        return await self._ahead(key) > 0

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests at once under one key; True if they fit."""
        cell = Cell(key, expiry * SECOND // limit * amount, expiry * SECOND)
        return cell.step <= cell.span and not (await self.take_cells([cell]))[0].refused

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the window began, in seconds since 1970, and how many requests it still counts."""
        ahead = await self._ahead(key)
        return time.time() + ahead / SECOND - expiry, -(-ahead // (expiry * SECOND // limit))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter that starts anew `expiry` seconds after its first hit, and return what it says."""
        async with self._database.unit_of_work() as session:
            return int(await session.scalar(statements.count(self._dialect, key, amount, expiry * SECOND)) or 0)

    async def get(self, key: str) -> int:
        """Return what a counter says."""
        clock = statements.now(self._dialect)
        async with self._database.unit_of_work(read_only=True) as session:
            return int(await session.scalar(select(Bucket.hits).where(Bucket.key == key, Bucket.until > clock)) or 0)

    async def get_expiry(self, key: str) -> float:
        """Return when a key is over, in seconds since 1970."""
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
        """Forget everything, and return how many keys there were."""
        return await self.forget_keys("", "")

    async def clear(self, key: str) -> None:
        """Forget a key."""
        async with self._database.unit_of_work() as session:
            await session.execute(delete(Bucket).where(Bucket.key == key), execution_options=NO_SYNCHRONIZATION)

    async def _ahead(self, key: str) -> int:
        clock = statements.now(self._dialect)
        async with self._database.unit_of_work(read_only=True) as session:
            return int(
                await session.scalar(select(Bucket.until - clock).where(Bucket.key == key, Bucket.until > clock)) or 0
            )
