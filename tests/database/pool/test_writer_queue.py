"""Those who want to write wait for their turn, not with a connection in hand."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dovetail.database.pool.writer_queue import WriterQueue
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError


async def test_writers_that_outnumber_the_pool_all_get_their_turn(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=2)
    database = Database.from_settings(settings)
    try:
        async with database.unit_of_work() as session:
            await session.execute(text("CREATE TABLE counter (value INTEGER)"))
            await session.execute(text("INSERT INTO counter VALUES (0)"))

        async def count():
            async with database.unit_of_work() as session:
                lock = " FOR UPDATE" if session.get_bind().dialect.name == "postgresql" else ""
                value = (await session.execute(text("SELECT value FROM counter" + lock))).scalar_one()
                await session.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})

        await asyncio.gather(*(count() for _ in range(50)))
        async with database.unit_of_work(read_only=True) as session:
            assert (await session.execute(text("SELECT value FROM counter"))).scalar_one() == 50
    finally:
        await database.dispose()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_waiting_writers_leave_the_pool_to_readers(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=2)
    database = Database.from_settings(settings)

    async def write():
        async with database.unit_of_work() as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS something (value INTEGER)"))

    try:
        async with database.unit_of_work() as first:
            await first.execute(text("SELECT 1"))
            writers = [asyncio.create_task(write()) for _ in range(10)]
            await asyncio.sleep(0)
            async with database.unit_of_work(read_only=True) as session:
                assert (await session.execute(text("SELECT 1"))).scalar_one() == 1
        await asyncio.gather(*writers)
    finally:
        await database.dispose()


async def test_a_turn_that_does_not_come_in_time_is_a_busy_service():
    turns = WriterQueue(patience=0.01)
    async with turns.turn():
        with pytest.raises(UnavailableError, match="at once"):
            async with turns.turn():
                pass
    async with turns.turn():
        pass


async def test_a_turn_ends_with_an_error_too():
    turns = WriterQueue(patience=1)
    with pytest.raises(ValueError, match="mine"):
        async with turns.turn():
            raise ValueError("mine")
    async with turns.turn():
        pass


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("writers", [1, 2])
async def test_all_that_a_writer_waits_for_takes_no_longer_than_one_wait(make_settings, empty_database_url, writers):
    """Its turn, a connection and a writer of another process; the last of them gets what the others left."""
    settings = make_settings(database_url=empty_database_url, database_pool_size=2, database_pool_timeout=5)
    database, elsewhere = Database.from_settings(settings), Database.from_settings(settings)
    waits: list[float] = []

    async def write() -> None:
        began = time.monotonic()
        with pytest.raises((UnavailableError, SQLAlchemyError)):
            async with database.unit_of_work() as session:
                await session.execute(text("CREATE TABLE IF NOT EXISTS something (value INTEGER)"))
        waits.append(time.monotonic() - began)

    async with AsyncExitStack() as held:
        await (await held.enter_async_context(elsewhere.engine.connect())).begin()
        await asyncio.gather(*(write() for _ in range(writers)))
    assert max(waits) < 9.8, waits  # one after the other it would be 10 and more
    async with database.unit_of_work() as session:  # and nobody inherits the little that was left
        await session.execute(text("CREATE TABLE IF NOT EXISTS something (value INTEGER)"))
        raw = await (await session.connection()).get_raw_connection()
        assert (await raw.driver_connection.execute_fetchall("PRAGMA busy_timeout"))[0][0] == 5000
    for each in (database, elsewhere):
        await each.dispose()
