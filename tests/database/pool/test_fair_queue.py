"""Whoever has waited longest for a connection gets the next one, whichever way they ask."""

import asyncio
import contextlib
import itertools
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.util.queue import Empty, Full

from dovetail.database.pool.fair_pool import FairQueue
from dovetail.database.prepared_reads import connect_to_read
from dovetail.database.unit_of_work import Database


@pytest.fixture(params=[1, 2])
async def narrow(request, make_settings, empty_database_url):
    """A database with one or two connections."""
    size = request.param
    settings = make_settings(database_url=empty_database_url, database_pool_size=size, database_pool_timeout=20)
    database = Database.from_settings(settings)
    yield database
    await database.dispose()


@pytest.mark.parametrize("narrow", [1], indirect=True)
async def test_nobody_overtakes_those_who_wait(narrow):
    served = []

    async def read(name):
        async with connect_to_read(narrow.engine) as connection:
            served.append(name)
            await connection.fetch("SELECT 1", ())

    async def work(name):
        async with narrow.unit_of_work(read_only=True) as session:
            served.append(name)
            await session.execute(text("SELECT 1"))

    async with connect_to_read(narrow.engine):
        tasks = []
        for number in range(20):
            tasks.append(asyncio.create_task((read if number % 2 else work)(number)))
            await asyncio.sleep(0)
    tasks += [asyncio.create_task(read(number)) for number in range(20, 30)]
    await asyncio.gather(*tasks)
    assert served == list(range(30))


async def test_no_reader_starves_among_readers_that_come_again_and_again(narrow):
    size = narrow.engine.pool.size()
    async with AsyncExitStack() as opened:  # whoever opens a connection waits for that, not for others
        for _ in range(size):
            await opened.enter_async_context(connect_to_read(narrow.engine))
    tickets, served, overtaken = itertools.count(), [], []

    async def come_again():
        for _ in range(30):
            ticket = next(tickets)
            async with connect_to_read(narrow.engine) as connection:
                overtaken.append(sum(other > ticket for other in served))
                served.append(ticket)
                await connection.fetch("SELECT 1", ())

    await asyncio.gather(*(come_again() for _ in range(12)))
    assert len(served) == 360
    assert max(overtaken) <= size  # by who finds a connection free in the moment in which one is handed over


@pytest.mark.parametrize("narrow", [2], indirect=True)
async def test_who_is_cancelled_while_waiting_leaves_the_connection_to_the_next(narrow):
    async def read():
        async with connect_to_read(narrow.engine) as connection:
            return (await connection.fetch("SELECT 7", ()))[0][0]

    async with connect_to_read(narrow.engine):
        async with connect_to_read(narrow.engine):
            first, second = asyncio.create_task(read()), asyncio.create_task(read())
            await asyncio.sleep(0)
        first.cancel()  # in the moment in which it is handed the connection
        assert await second == 7
        with pytest.raises(asyncio.CancelledError):
            await first
    statistics = narrow.engine.pool.statistics()
    assert (statistics.checked_out, statistics.waiting) == (0, 0)


async def test_a_reader_waits_as_long_as_the_pool_says_and_is_counted(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=1, database_pool_timeout=0.05)
    database = Database.from_settings(settings)
    try:
        async with connect_to_read(database.engine):
            with pytest.raises(PoolTimeoutError):
                async with connect_to_read(database.engine):
                    pass
        async with connect_to_read(database.engine) as connection:
            assert (await connection.fetch("SELECT 7", ()))[0][0] == 7
        assert (database.engine.pool.statistics().timeouts, database.engine.pool.statistics().waiting) == (1, 0)
    finally:
        await database.dispose()


async def test_a_read_that_is_cancelled_gives_its_connection_back(narrow):
    slow = "SELECT pg_sleep(10)" if narrow.engine.dialect.name == "postgresql" else "SELECT 1"

    async def read():
        async with connect_to_read(narrow.engine) as connection:
            await connection.fetch(slow, ())

    task = asyncio.create_task(read())
    await asyncio.sleep(0.2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert narrow.engine.pool.statistics().checked_out == 0
    async with narrow.unit_of_work() as session:
        assert (await session.execute(text("SELECT 7"))).scalar_one() == 7


async def test_a_read_that_fails_leaves_a_connection_that_works(narrow):
    async with connect_to_read(narrow.engine):
        pass
    for _ in range(3):
        with pytest.raises(Exception, match="no_such_table"):
            async with connect_to_read(narrow.engine) as connection:
                await connection.fetch("SELECT * FROM no_such_table", ())
    async with narrow.unit_of_work() as session:
        assert (await session.execute(text("SELECT 7"))).scalar_one() == 7
    assert narrow.engine.pool.statistics().checked_out == 0


async def test_a_queue_gives_its_items_in_order_and_refuses_too_many():
    for use_lifo, expected in ((False, [0, 1, 2]), (True, [0, 2, 1])):
        queue = FairQueue(maxsize=3, use_lifo=use_lifo)
        assert queue.empty()
        queue.put(1)
        queue.put(2)
        queue.put_back(0)
        with pytest.raises(Full):
            queue.put(4)
        assert [queue.get(block=False) for _ in range(3)] == expected
        with pytest.raises(Empty):
            queue.get(block=False)
    with pytest.raises(Empty):
        await queue.wait(0.01)
    queue.put(5)  # not to the one who gave up
    assert queue.get_nowait() == 5


async def test_what_comes_to_somebody_who_is_cancelled_in_that_moment_is_not_lost_in_a_full_queue():
    queue: FairQueue[str] = FairQueue(maxsize=1)
    waiting = asyncio.create_task(queue.wait(None))
    await asyncio.sleep(0)
    for item in ("handed over", "laid down"):
        queue.put(item)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert {queue.get_nowait(), queue.get_nowait()} == {"handed over", "laid down"}


async def test_each_who_waits_gives_up_when_their_own_time_is_over():
    queue, ended = FairQueue(), []

    async def wait(name, seconds):
        try:
            ended.append((name, await queue.wait(seconds)))
        except Empty:
            ended.append(name)

    waiting = []
    for name, seconds in (("for ever", None), ("long", 0.4), ("short", 0.1), ("longest", 60), ("middling", 0.25)):
        waiting.append(asyncio.create_task(wait(name, seconds)))
        await asyncio.sleep(0)
    await asyncio.gather(waiting[1], waiting[2], waiting[4])
    assert ended == ["short", "middling", "long"]
    queue.put(1)
    queue.put(2)
    await asyncio.gather(*waiting)
    assert ended[3:] == [("for ever", 1), ("longest", 2)]


def test_who_waits_in_a_new_event_loop_gives_up_although_the_old_one_was_closed_with_somebody_waiting():
    queue = FairQueue()

    async def leave():
        task = asyncio.create_task(queue.wait(0.05))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    with pytest.raises(Empty):
        asyncio.run(asyncio.wait_for(queue.wait(0.2), 30))
