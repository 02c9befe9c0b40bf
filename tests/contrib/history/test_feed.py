"""The log is read in the order of commits: who remembers a position misses no transaction that commits late."""

import asyncio

import pytest
from sqlalchemy import text

from dovetail.contrib.history.feed import MAX_LIMIT, START, position_of, read_history
from plugins.blog.models import Tag


async def read_all(database, after=START, limit=100):
    """Read on from a position, and return the names of the tags, and where to read on."""
    names = []
    for _ in range(200):  # more than any test writes
        async with database.unit_of_work(read_only=True) as session:
            found = await read_history(session, after=after, limit=limit)
        if not found:
            return names, after
        names += [row.after["name"] for row in found]
        after = position_of(found[-1])
    pytest.fail(f"the history has not ended: {names}")


async def settled(database):
    """Wait until what was committed can be read: transactions of the server's other databases hold it up as well."""
    async with database.unit_of_work() as session:
        if session.get_bind().dialect.name == "sqlite":
            return
        mine = await session.scalar(text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"))
    for _ in range(15_000):  # some minutes
        async with database.unit_of_work(read_only=True) as session:
            oldest = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
            if await session.scalar(text(oldest)) > mine:
                return
        await asyncio.sleep(0.02)
    pytest.fail("another transaction has not ended")


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_reader_does_not_miss_a_transaction_that_commits_late(database):
    async with database.unit_of_work() as early:
        early.add(Tag(name="early"))
        await early.flush()  # it has its number, and its line has one too
        async with database.unit_of_work() as late:
            late.add(Tag(name="late"))
        names, position = await read_all(database)
        assert names == []  # the line of `late` is committed, but that of `early` is to come before it
    await settled(database)
    names, position = await read_all(database, position)
    assert names == ["early", "late"]
    assert await read_all(database, position) == ([], position)


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_overlapping_transactions_are_read_once_each_in_any_order_of_commits(database):
    names, position = [], START
    sessions = [database.sessions() for _ in range(4)]
    try:
        for number, session in enumerate(sessions):
            session.add(Tag(name=f"{number} a"))
            await session.flush()
        for number in (2, 0, 3, 1):
            session = sessions[number]
            async with session.begin_nested():  # a savepoint has a number of its own
                session.add(Tag(name=f"{number} b"))
            if number == 3:
                await session.rollback()
            else:
                await session.commit()
            more, position = await read_all(database, position, limit=1)
            names += more
    finally:
        for session in sessions:
            await session.close()
    await settled(database)
    names += (await read_all(database, position))[0]
    assert names == ["0 a", "0 b", "1 a", "1 b", "2 a", "2 b"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_read_only_transaction_does_not_hold_up_the_feed(database):
    async with database.unit_of_work() as reader:
        await reader.execute(text("SELECT count(*) FROM blog_tag"))
        async with database.unit_of_work() as writer:
            writer.add(Tag(name="x"))
        await settled(database)
        assert (await read_all(database))[0] == ["x"]


async def test_a_feed_read_in_pages_is_in_order_and_without_repetition(database):
    for number in range(5):
        async with database.unit_of_work() as session:
            session.add_all([Tag(id=2 * number + i, name=f"{number}{letter}") for i, letter in enumerate("ab", 1)])
    await settled(database)
    assert (await read_all(database, limit=3))[0] == [f"{number}{letter}" for number in range(5) for letter in "ab"]


async def test_ids_are_not_reused_after_the_last_changes_are_deleted(database):
    async with database.unit_of_work() as session:
        session.add(Tag(name="x"))
    await settled(database)
    _, position = await read_all(database)
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM history_change"))
        session.add(Tag(name="y"))
    await settled(database)
    assert (await read_all(database, position))[0] == ["y"]


@pytest.mark.parametrize("limit", [0, MAX_LIMIT + 1])
async def test_an_invalid_limit_is_refused(database, limit):
    async with database.unit_of_work(read_only=True) as session:
        with pytest.raises(ValueError, match="between 1 and 10,000"):
            await read_history(session, limit=limit)
