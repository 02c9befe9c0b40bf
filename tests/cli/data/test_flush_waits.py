"""`manage.py flush` waits for a reader in short tries: nobody else has to wait behind it for long."""

import asyncio

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.running import python

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_a_flush_lets_readers_pass_and_gives_up_in_one_line(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    variables = {"DATABASE_URL": database_url, "DATABASE_POOL_TIMEOUT": "1"}
    async with engine.connect() as report, engine.connect() as reader:
        await report.execute(text("SELECT count(*) FROM blog_post"))
        flushing = asyncio.create_task(asyncio.to_thread(python, "manage.py", "flush", "--yes", **variables))
        waiting = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE NOT granted AND datname = current_database()"
        )
        while not flushing.done() and not await reader.scalar(waiting):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        await reader.rollback()
        await reader.execute(text("SET lock_timeout = '3s'"))  # a flush would wait for five
        await reader.execute(text("SELECT count(*) FROM blog_post"))
        await reader.rollback()
        done = await flushing
    assert done.error == "somebody is using the tables; nothing was deleted. Try again"
    assert python("manage.py", "flush", "--yes", **variables).code == 0
    await engine.dispose()
