"""Whoever waits longest for a connection, or for a turn to write, is served next."""

import asyncio

import pytest
from sqlalchemy import text

from project.database.engine import create_engine
from project.database.fair_queue import HandoverQueue
from project.database.session import Database
from project.database.turns import TakeTurns
from project.errors import UnavailableError


async def test_a_newcomer_does_not_overtake_who_waits():
    queue: HandoverQueue[str] = HandoverQueue()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait("first")
    newcomer = asyncio.create_task(queue.get())  # comes before the one who waits has run again
    assert queue.empty()
    assert await waiting == "first"
    queue.put_nowait("second")
    assert await newcomer == "second"


async def test_what_is_handed_to_somebody_who_gives_up_goes_to_the_next():
    queue: HandoverQueue[str] = HandoverQueue()
    first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait("it")
    first.cancel()
    assert await second == "it"
    third = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    third.cancel()
    await asyncio.sleep(0)
    queue.put_nowait("kept")
    assert queue.get_nowait() == "kept"


async def test_busy_clients_share_one_connection_evenly(make_settings, empty_database_url):
    engine = create_engine(make_settings(database_url=empty_database_url, database_pool_size=1))
    served: list[int] = []

    async def client(number):
        for _ in range(5):
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
                served.append(number)

    try:
        await asyncio.gather(*(client(number) for number in range(10)))
    finally:
        await engine.dispose()
    assert [sorted(served[start : start + 10]) for start in range(0, 50, 10)] == [list(range(10))] * 5


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


async def test_a_turn_that_does_not_come_in_time_is_a_busy_service():
    turns = TakeTurns(patience=0.01)
    async with turns.mine():
        with pytest.raises(UnavailableError, match="at once"):
            async with turns.mine():
                pass
    async with turns.mine():
        pass


async def test_a_turn_ends_with_an_error_too():
    turns = TakeTurns(patience=1)
    with pytest.raises(ValueError, match="mine"):
        async with turns.mine():
            raise ValueError("mine")
    async with turns.mine():
        pass
