"""A share of the connections, and statements that are stopped in time."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text

from dovetail.database.pool.statement_timeouts import StatementTimeoutError
from dovetail.database.pool_share import PoolShare
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError

ENDLESS = {
    "postgresql": "(SELECT count(*) FROM (SELECT pg_sleep(60)) AS slept)",
    "sqlite": (
        "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT count(*) FROM n)"
    ),
}


@pytest.fixture
async def database(make_settings, empty_database_url):
    database = Database.from_settings(make_settings(database_url=empty_database_url, database_pool_size=1))
    async with database.unit_of_work() as session:
        await session.execute(text("CREATE TABLE counter (value INTEGER)"))
        await session.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    await database.dispose()


@pytest.fixture
def share(database):
    return PoolShare(database, connections=1, statement_timeout=0.2, patience=0.1)


async def value_of(database) -> int:
    async with database.unit_of_work(read_only=True) as session:
        return (await session.execute(text("SELECT value FROM counter"))).scalar_one()


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_statement_is_stopped_in_time_and_the_connection_works_on(database, share, database_kind, read_only):
    backend = "SELECT pg_backend_pid()" if database_kind == "postgresql" else "SELECT 1"
    async with database.unit_of_work(read_only=True) as session:
        before = (await session.execute(text(backend))).scalar_one()
    for _ in range(2):
        with pytest.raises(StatementTimeoutError):
            async with share.unit_of_work(read_only=read_only) as session:
                await session.execute(text(f"SELECT {ENDLESS[database_kind]}"))
    async with share.unit_of_work(read_only=True) as session:
        assert (await session.execute(text(backend))).scalar_one() == before


async def write_too_slowly(share, endless: str) -> None:
    async with share.unit_of_work() as session, session.begin_nested():
        await session.execute(text("UPDATE counter SET value = 1"))
        await session.execute(text(f"UPDATE counter SET value = {endless}"))


async def test_a_write_that_is_stopped_leaves_nothing_even_in_a_savepoint(database, share, database_kind):
    with pytest.raises(StatementTimeoutError):
        await write_too_slowly(share, ENDLESS[database_kind])
    assert await value_of(database) == 0
    async with share.unit_of_work() as session:
        await session.execute(text("UPDATE counter SET value = 2"))
    assert await value_of(database) == 2


async def write_on_regardless(share, endless: str, *, more: bool) -> None:
    async with share.unit_of_work() as session:
        await session.execute(text("UPDATE counter SET value = 1"))
        with suppress(StatementTimeoutError):
            await session.execute(text(f"UPDATE counter SET value = {endless}"))
        if more:
            await session.execute(text("UPDATE counter SET value = 3"))


@pytest.mark.parametrize("more", [False, True])
async def test_who_passes_over_a_statement_that_was_stopped_does_not_store_half(database, share, database_kind, more):
    with pytest.raises(StatementTimeoutError):
        await write_on_regardless(share, ENDLESS[database_kind], more=more)
    assert await value_of(database) == 0


async def test_every_statement_has_the_whole_time(database, database_kind):
    share = PoolShare(database, connections=1, statement_timeout=1.5, patience=0.1)
    pause = "pg_sleep(0.6)" if database_kind == "postgresql" else "1"
    done = 0
    async with share.unit_of_work(read_only=True) as session:
        for _ in range(3):
            done += len((await session.execute(text(f"SELECT {pause}"))).all())
            await asyncio.sleep(0.6)  # the time between statements is nobody's
    assert done == 3


async def test_the_limit_is_for_the_share_alone(database, share, database_kind):
    async with share.unit_of_work(read_only=True) as session:
        await session.execute(text("SELECT 1"))
    slow = "pg_sleep(0.4)" if database_kind == "postgresql" else ENDLESS["sqlite"].replace("1000000000", "3000000")
    async with database.unit_of_work(read_only=True) as session:
        assert len((await session.execute(text(f"SELECT {slow}"))).all()) == 1


async def test_who_finds_the_share_taken_gives_up_in_time_and_the_next_comes_in(share):
    async with share.unit_of_work(read_only=True):
        with pytest.raises(UnavailableError, match="at once"):
            async with share.unit_of_work(read_only=True):
                pass
        waiting = asyncio.create_task(share.unit_of_work(read_only=True).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with share.unit_of_work(read_only=True) as session:
        await session.execute(text("SELECT 1"))
