"""A transaction that changes many rows keeps more of SQLite's pages in memory, and no transaction after it."""

import pytest
from sqlalchemy import text

from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.sqlite_transactions import keep_more_pages
from dovetail.database.unit_of_work import Database


@pytest.fixture
async def database(make_settings, tmp_path):
    (tmp_path / "pages.sqlite3").touch()
    url = f"sqlite+aiosqlite:///{tmp_path / 'pages.sqlite3'}"
    made = Database(create_engine(make_settings(database_url=url, database_pool_size=1, database_max_overflow=0)))
    yield made
    await made.dispose()


async def pages(session):
    return await session.scalar(text("PRAGMA cache_size"))


async def keep(session):
    await (await session.connection()).run_sync(keep_more_pages)


@pytest.mark.parametrize("read_only", [False, True])
async def test_more_pages_are_kept_until_the_next_transaction_even_after_a_failure(database, read_only):
    async def fail():
        async with database.unit_of_work() as session:
            await keep(session)
            await keep(session)  # which is asked twice, and must not take its own for what was there before
            assert await pages(session) == -16_000
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.unit_of_work(read_only=read_only) as session:
        assert await pages(session) == -2_000


@pytest.mark.parametrize("chosen", [-64_000, 5_000])
async def test_what_a_site_has_chosen_stays(database, chosen):
    async with database.unit_of_work() as session:
        await session.execute(text(f"PRAGMA cache_size={chosen}"))
    async with database.unit_of_work() as session:
        await keep(session)
        assert await pages(session) == chosen
