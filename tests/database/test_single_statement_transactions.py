"""A statement that is all of a transaction begins none, unless BEGIN has something to say."""

import asyncio
import os

import pytest
from sqlalchemy import event, text

from dovetail.database.fast_unit_of_work import driver_alone, driver_to_write
from plugins.blog.services import create_post

on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada")


@pytest.fixture
async def path(database, ada):
    async with database.unit_of_work() as session:
        return f"/api/posts/{(await create_post(session, author=ada, title='One', content='Text.')).id}"


@pytest.fixture
def heard(database):
    """The statements that the application sends, BEGIN among them."""
    found = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda _, __, sql, *rest: found.append(sql))
    return found


async def test_a_change_of_one_row_begins_no_transaction(client_for, ada, path, heard):
    client = await client_for(ada)
    heard.clear()
    (await client.patch(path, json={"title": "Two"})).raise_for_status()
    assert [sql for sql in heard if sql.startswith(("BEGIN", "PRAGMA"))] == []
    assert (await client.get(path)).json()["title"] == "Two"


@on_sqlite
async def test_who_has_waited_for_other_writers_tells_sqlite_for_how_long_it_may_wait_yet(
    client_for, ada, path, heard, database
):
    client = await client_for(ada)
    heard.clear()
    async with database.unit_of_work() as session:
        await session.execute(text("SELECT 1"))
        change = asyncio.create_task(client.patch(path, json={"title": "Two"}))
        await asyncio.sleep(0.2)
    (await change).raise_for_status()
    assert [sql[:19] for sql in heard if sql.startswith(("BEGIN", "PRAGMA"))][-2:] == [
        "PRAGMA busy_timeout",
        "BEGIN IMMEDIATE",
    ]
    heard.clear()
    (await client.patch(path, json={"title": "Three"})).raise_for_status()  # the whole time is told again
    (await client.patch(path, json={"title": "Four"})).raise_for_status()
    assert [sql[:19] for sql in heard if sql.startswith(("BEGIN", "PRAGMA"))] == [
        "PRAGMA busy_timeout",
        "BEGIN IMMEDIATE",
    ]


@on_sqlite
async def test_a_file_that_was_replaced_is_written_to_by_nobody(database):
    async with database.fast_unit_of_work() as session:
        assert driver_alone(session) is not None
        os.replace(str(database.engine.url.database), f"{database.engine.url.database}.gone")  # noqa: PTH105 - it does not wait
        assert driver_alone(session) is None


async def test_where_a_transaction_has_begun_no_statement_stands_alone(database):
    async with database.fast_unit_of_work() as session:
        await driver_to_write(session)
        assert driver_alone(session) is None
    async with database.unit_of_work() as session:
        assert driver_alone(session) is None


@on_sqlite
async def test_each_change_has_a_transaction_of_its_own_in_the_history(client_for, ada, path, database):
    client = await client_for(ada)
    for title in ("Two", "Three"):
        (await client.patch(path, json={"title": title})).raise_for_status()
    async with database.unit_of_work(read_only=True) as session:
        numbers = (
            await session.scalars(text("SELECT \"transaction\" FROM history_change WHERE action = 'change'"))
        ).all()
    assert len(set(numbers)) == len(numbers) == 2
