"""Many retries of one request wait for the first one's answer, and keep no connection from anybody meanwhile."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import NullPool, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from dovetail.application import make_application
from dovetail.testing.fixtures import make_client, running
from tests.library.models import Book

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def library_settings(make_settings, library_url):
    plugins = ("tests.library", "dovetail.contrib.idempotency")
    return make_settings(
        plugins=plugins,
        database_url=library_url,
        database_pool_size=3,
        database_pool_timeout=2,
        database_command_timeout=20,
    )


@pytest.fixture
async def elsewhere(app, library_settings) -> AsyncIterator[httpx.AsyncClient]:
    """The same site in another process, as far as locks, pools and queues are concerned."""
    async with running(make_application(library_settings)) as other, make_client(other, {"X-Viewer": "1"}) as client:
        yield client


@asynccontextmanager
async def nobody_may_write(url: str) -> AsyncIterator[None]:
    """Keep whoever makes a book waiting."""
    driver = url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(driver, poolclass=NullPool)
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await connection.execute(text("LOCK TABLE library_book IN SHARE MODE"))
        yield
        await connection.rollback()
    await engine.dispose()


async def test_a_hundred_retries_in_two_processes_get_one_answer_and_leave_the_pool_to_others(
    owner, elsewhere, author, session, library_url
):
    body = {"title": "Once", "author_id": author.id}
    async with nobody_may_write(library_url):
        senders = [owner if number % 2 else elsewhere for number in range(100)]
        sending = [asyncio.create_task(each.post("/api/books", json=body, headers=KEY)) for each in senders]
        await asyncio.sleep(3)  # longer than anybody waits for a connection
        reads = [await client.get("/api/genres") for client in (owner, elsewhere) for _ in range(10)]
        assert {answer.status_code for answer in reads} == {200}
    answers = await asyncio.gather(*sending)
    assert Counter(answer.status_code for answer in answers) == {201: 100}
    assert len({answer.content for answer in answers}) == 1
    assert await session.scalar(select(func.count()).select_from(Book)) == 1


async def test_a_wait_ends_with_an_answer_too(owner, author, app, library_url):
    app.state.settings = app.state.settings.model_copy(update={"database_command_timeout": 0.6})
    body = {"title": "Once", "author_id": author.id}
    async with nobody_may_write(library_url), asyncio.timeout(60):
        sending = [asyncio.create_task(owner.post("/api/books", json=body, headers=KEY)) for _ in range(5)]
        done = asyncio.as_completed(sending)
        for _ in range(4):  # the first may still wait for the table
            answer = await next(done)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
    await next(done)
    assert (await owner.post("/api/books", json=body, headers=KEY)).status_code == 201
