"""A connection for which the pool has no place is closed, and not left to the garbage collector."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.database.pool.fair_pool import FairQueue
from dovetail.database.prepared_reads import connect_to_read
from dovetail.database.unit_of_work import Database


@pytest.fixture
async def database(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=1, database_max_overflow=1)
    database = Database.from_settings(settings)
    yield database
    await database.dispose()


async def driver_of(connection: AsyncConnection):
    return (await connection.get_raw_connection()).driver_connection


def is_open(driver) -> bool:
    if hasattr(driver, "is_closed"):
        return not driver.is_closed()
    try:
        return driver.total_changes >= 0
    except ValueError:  # aiosqlite has no connection any more
        return False


async def test_a_reader_that_comes_back_to_a_full_pool_closes_its_connection(database, caplog):
    async with database.engine.connect() as first, database.engine.connect() as second:
        first_driver, second_driver = await driver_of(first), await driver_of(second)
        await first.close()
        async with connect_to_read(database.engine) as reader:
            assert (await reader.fetch("SELECT 7", ()))[0][0] == 7
            await second.close()
    assert (is_open(first_driver), is_open(second_driver)) == (False, True)
    assert (database.engine.pool.checkedin(), database.engine.pool.checkedout()) == (1, 0)
    assert "Exception closing connection" not in caplog.text


async def test_a_connection_that_is_out_while_the_database_is_disposed_of_is_closed_when_it_comes_back(database):
    async with database.unit_of_work() as session:
        await session.execute(text("SELECT 7"))
        driver = await driver_of(await session.connection())
        await database.dispose()
        assert is_open(driver)
        assert (await session.execute(text("SELECT 7"))).scalar_one() == 7
    assert not is_open(driver)


async def test_so_is_that_of_a_reader(database):
    async with database.engine.connect() as connection:
        driver = await driver_of(connection)
    async with connect_to_read(database.engine) as reader:
        await database.dispose()
        assert (await reader.fetch("SELECT 7", ()))[0][0] == 7
    assert not is_open(driver)


async def test_a_queue_that_is_closed_gives_to_those_who_wait_and_takes_in_no_more():
    queue = FairQueue()
    waiting = asyncio.create_task(queue.wait(None))
    await asyncio.sleep(0)
    queue.close()
    queue.put(1)

    assert await waiting == 1
    assert queue.full()
