"""Options and a function for statements that change many rows: deleting expired rows without waiting for others."""

from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from sqlalchemy import ColumnElement, delete, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database

NO_SYNCHRONIZATION = {"synchronize_session": False}  # for statements whose rows the session has not loaded
LONGEST_PAUSE = 0.25  # seconds
MOST_SWEPT = 1_000  # rows that a request deletes on the way, which is about something else


async def delete_some(
    session: AsyncSession, model: type[Base], condition: ColumnElement[bool], *, most: int = MOST_SWEPT
) -> int:
    """Delete up to `most` rows of `model` for which the condition holds, by one statement; return their number.

    Rows that another transaction has locked are left for the next time, so this never waits and causes no deadlock.
    """
    keys = inspect(model).primary_key
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    # A CTE, not a subquery: PostgreSQL may run a subquery again for each row, and each time lock other rows.
    some = select(*keys).where(condition).limit(most).with_for_update(skip_locked=True).cte()
    statement = delete(model).where(key.in_(select(*some.c))).returning(*keys)
    return len((await session.execute(statement, execution_options=NO_SYNCHRONIZATION)).all())


@asynccontextmanager
async def sharing_writes(database: Database) -> AsyncIterator[None]:
    """Run one of many batches, and on SQLite pause for as long as it took.

    Other processes that wait for SQLite's write lock only look from time to time whether it is free: one that took it
    again at once would keep them waiting until they give up.
    """
    start = monotonic()
    yield
    if database.engine.dialect.name == "sqlite":
        await sleep(min(monotonic() - start, LONGEST_PAUSE))
