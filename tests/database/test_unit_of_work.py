"""The unit of work outside of a request: commands and tasks open the same."""

import asyncio
import logging
import re
from asyncio.subprocess import PIPE

import pytest
from sqlalchemy import event, select

from dovetail.database.unit_of_work import Database, lookup_session
from tests.probe.models import Item

KINDS = ("unit_of_work", "fast_unit_of_work")
INCREMENT = """
import asyncio, sys
from sqlalchemy import text
from config.settings import Settings
from dovetail.database.unit_of_work import Database

async def main(url, times):
    database = Database.from_settings(Settings(database_url=url, environment="test", secret_key="x" * 40))
    async def increment():
        async with database.unit_of_work() as session:
            size = await session.scalar(text("SELECT size FROM probe_item" + LOCK))
            await session.execute(text("UPDATE probe_item SET size = :size"), {"size": size + 1})
    LOCK = " FOR UPDATE" if database.engine.dialect.name == "postgresql" else ""
    for _ in range(times // 10):
        await asyncio.gather(*(increment() for _ in range(10)))
    await database.dispose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.fixture
async def stored(probe_database: Database) -> Database:
    async with probe_database.unit_of_work() as session:
        session.add(Item(name="counter"))
    return probe_database


@pytest.mark.parametrize("kind", KINDS)
async def test_it_commits_on_success_and_logs_how_long_it_took(probe_database, caplog, kind):
    caplog.set_level(logging.DEBUG, "dovetail.database")
    async with getattr(probe_database, kind)() as session:
        session.add(Item(name="kept"))
    async with probe_database.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(Item.name)) == "kept"
    messages = [record.getMessage() for record in caplog.records if record.name == "dovetail.database"]
    assert all(re.fullmatch(r"transaction committed after \d+\.\d ms", message) for message in messages)
    assert len(messages) == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_it_rolls_back_on_an_exception_and_logs_how_long_it_took(probe_database, caplog, kind):
    caplog.set_level(logging.DEBUG, "dovetail.database")

    async def fail():
        async with getattr(probe_database, kind)() as session:
            session.add(Item(name="never"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert re.search(r"transaction rolled back after \d+\.\d ms", caplog.text)
    async with probe_database.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(Item.name)) is None


async def test_a_lookup_takes_no_second_connection_where_its_session_holds_one(probe_database):
    async with probe_database.fast_unit_of_work() as session:
        session.add(Item(name="not committed yet"))
        await session.flush()
        async with lookup_session(session) as lookup:
            assert await lookup.scalar(select(Item.name)) == "not committed yet"


async def test_the_duration_is_logged_with_the_id_of_the_request(probe, caplog):
    caplog.set_level(logging.DEBUG, "dovetail.database")
    await probe.post("/api/items", json={"name": "x"}, headers={"X-Request-ID": "the-id"})
    (record,) = (record for record in caplog.records if record.name == "dovetail.database")
    assert record.request_id == "the-id"


async def test_a_cancelled_unit_of_work_rolls_back_and_leaks_nothing(stored):
    async def write_for_ever():
        async with stored.unit_of_work() as session:
            session.add(Item(name="never"))
            await session.flush()
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await write_for_ever()
    assert stored.engine.pool.checkedout() == 0
    async with stored.unit_of_work(read_only=True) as session:
        assert list(await session.scalars(select(Item.name))) == ["counter"]


async def test_several_processes_that_read_and_then_write_lose_no_update(stored, forked_python, probe_settings):
    url = probe_settings.database_url.get_secret_value()
    command = (forked_python, "-c", INCREMENT, url, "50")
    processes = [await asyncio.create_subprocess_exec(*command, stderr=PIPE) for _ in range(4)]
    assert await asyncio.gather(*(process.communicate() for process in processes)) == [(None, b"")] * 4
    async with stored.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(Item.size)) == 200


async def test_rows_stay_readable_after_the_commit(probe_database):
    async with probe_database.unit_of_work() as session:
        item = Item(name="kept")
        session.add(item)
    assert item.name == "kept"
    assert item.id > 0
    assert item.created_at.tzinfo is not None


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_reader_reads_beside_a_writer_and_sees_what_was_committed(stored):
    async with stored.unit_of_work() as writer:
        writer.add(Item(name="not yet"))
        await writer.flush()
        async with asyncio.timeout(50), stored.unit_of_work(read_only=True) as reader:
            assert list(await reader.scalars(select(Item.name))) == ["counter"]
        async with asyncio.timeout(50), stored.outside_the_pool() as reader:
            assert list(await reader.scalars(select(Item.name))) == ["counter"]


async def test_who_is_cancelled_within_a_statement_locks_nobody_out(stored):
    remembered: list[object] = []  # as a traceback remembers: Python closes no connection of SQLite before

    async def write():
        async with stored.unit_of_work() as session:
            session.add(Item(name="never"))
            remembered.append(await session.stream(select(Item)))
            engine = stored.engine.sync_engine
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            event.listen(engine, "before_cursor_execute", lambda *_: loop.call_soon(task.cancel), once=True)
            await session.execute(select(Item.id))

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(write())
    async with stored.unit_of_work() as session:
        session.add(Item(name="later"))
    async with stored.unit_of_work(read_only=True) as session:
        assert set(await session.scalars(select(Item.name))) == {"counter", "later"}
    assert len(remembered) == 1
