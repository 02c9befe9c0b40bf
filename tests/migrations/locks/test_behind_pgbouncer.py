"""A migration through a pooler that shares out sessions leaves nothing of its own on them."""

import asyncio

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tests.bouncing import bouncing
from tests.migrations.run.test_autocommit import OUTSIDE
from tests.migrations.run.test_migrate import make
from tests.migrations.schema import tables
from tests.migrations.sites import Site

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

THROUGH = {"DATABASE_PREPARED_STATEMENTS": "false"}  # Debian's PgBouncer cannot pass them on


# In this database: other workers migrate others meanwhile.
HELD = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", "")
    site.migration("shop", "0001_one", make("shop_item"))
    site.migration("shop", "0002_outside", OUTSIDE)
    return site


async def test_no_limit_and_no_lock_stays_behind_on_a_shared_session(shop, engine, empty_database_url):
    with bouncing(empty_database_url, size=2) as url:
        shop.database_url = url
        assert shop.manage("migrate", **THROUGH).count("OK") == 2
        async with engine.connect() as connection:
            assert list(await connection.scalars(text(HELD))) == []
        through = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool)
        async with through.connect() as one, through.connect() as two:
            assert {await limit(one), await limit(two)} == {"0"}
        await through.dispose()


async def test_of_two_runs_through_a_pooler_one_waits_for_the_other(shop, engine, empty_database_url):
    with bouncing(empty_database_url, size=4) as url:
        shop.database_url = url
        runs = [shop.start("migrate", **THROUGH) for _ in range(2)]
        said = [await asyncio.to_thread(run.finish) for run in runs]
    assert [done.returncode for done in said] == [0, 0]
    assert sum("Applying shop_0001_one" in done.stdout for done in said) == 1
    assert "shop_item" in await tables(engine)


async def limit(connection: AsyncConnection) -> str:
    return str(await connection.scalar(text("SHOW lock_timeout")))
