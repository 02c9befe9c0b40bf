"""The log is read in the order of commits: who remembers a position misses no transaction that commits late."""

import asyncio
import json

import pytest
from sqlalchemy import select, text

from dovetail.contrib.history.feed import MAX_LIMIT, START, PositionOutOfRangeError, read_history
from dovetail.contrib.history.keeping.old_lines import delete_lines
from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Tag
from tests.running import manage

KEY = 10**12


async def read_all(database, after=START, limit=100):
    """Read on from a position, and return the names of the tags, and where to read on."""
    names = []
    for _ in range(200):  # more than any test writes
        async with database.unit_of_work(read_only=True) as session:
            page = await read_history(session, after=after, limit=limit)
        after = page.position
        if not page.changes:
            return names, after
        names += [row.after["name"] for row in page.changes]
    pytest.fail(f"the history has not ended: {names}")


async def read_all_positions(database, after=START):
    """Read on from a position, one change at a time, and return the position after each, and the last again."""
    positions = []
    while positions[-2:] != [after, after]:
        async with database.unit_of_work(read_only=True) as session:
            after = (await read_history(session, after=after, limit=1)).position
        positions.append(after)
    return positions


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


async def test_a_reader_is_told_that_changes_were_purged_before_it_read_them_and_can_go_on(
    database, make_user, client_for
):
    api = await client_for(await make_user(is_superuser=True))
    await settled(database)
    start = (await read_all_positions(database))[-1]
    for number in range(1, 5):
        async with database.unit_of_work() as session:
            session.add(Tag(id=KEY + number, name=f"t{number}"))
    await settled(database)
    positions = await read_all_positions(database, start)
    assert (await api.get("/api/history/feed", params={"after": positions[0]})).json()["position"] == positions[-1]
    async with database.unit_of_work() as session:
        second = await session.scalar(select(RecordedChange.id).where(RecordedChange.object_key == str(KEY + 2)))
    assert await delete_lines(database, range(second + 1)) >= 2
    assert (await read_all(database, positions[1]))[0] == ["t3", "t4"]  # it had read what was purged
    for behind in (start, positions[0]):
        async with database.unit_of_work(read_only=True) as session:
            with pytest.raises(PositionOutOfRangeError, match="were purged before they were read"):
                await read_history(session, after=behind)
        answer = await api.get("/api/history/feed", params={"after": behind})
        assert (answer.status_code, answer.json()["detail"][:38]) == (410, "Changes after this position were purge")
    answer = (await api.get("/api/history/feed", params={"limit": 1})).json()  # as they say: from the start again
    assert [one["after"]["name"] for one in answer["items"]] == ["t3"]
    assert (await read_all(database, answer["position"]))[0] == ["t4"]


async def test_a_reader_that_begins_after_a_purge_reads_on_though_an_earlier_change_was_kept(database):
    """The order of times, in which changes expire, is not quite that of commits."""
    await settled(database)
    for number in range(1, 5):
        async with database.unit_of_work() as session:
            session.add(Tag(id=KEY + number, name=f"t{number}"))
    await settled(database)
    async with database.unit_of_work() as session:
        _, second, third, _ = (await session.scalars(select(RecordedChange.id).order_by(RecordedChange.id))).all()
    assert await delete_lines(database, [second]) == 1
    async with database.unit_of_work(read_only=True) as session:
        first = (await read_history(session, limit=1)).position
    assert (await read_all(database, first, limit=1))[0] == ["t3", "t4"]
    assert await delete_lines(database, [third]) == 1
    async with database.unit_of_work(read_only=True) as session:
        with pytest.raises(PositionOutOfRangeError, match="were purged before they were read"):
            await read_history(session, after=first)


async def test_a_reader_is_told_that_its_position_is_of_another_log(database, settings, make_user, client_for):
    site = {"DATABASE_URL": settings.database_url.get_secret_value(), "PLUGINS": json.dumps(settings.plugins)}
    async with database.unit_of_work() as session:
        session.add(Tag(name="x"))
    await settled(database)
    position = (await read_all(database))[1]
    log, purges, transaction, number = position.split(".")
    beyond = f"{log}.{purges}.{int(transaction) + 10**9}.{int(number) + 10**9}"  # an older copy was restored
    for command in ((), ("history", "--renumber"), ("flush", "--yes")):
        if command:
            assert manage(*command, **site).code == 0
            await settled(database)
        async with database.unit_of_work(read_only=True) as session:
            with pytest.raises(PositionOutOfRangeError, match="is not of this history"):
                await read_history(session, after=position if command else beyond)
            changes = (await read_history(session)).changes
            assert [one.after["name"] for one in changes] == ([] if "flush" in command else ["x"])
        position = (await read_all(database))[1]
    async with database.unit_of_work(read_only=True) as session:  # the new ones are valid
        assert (await read_history(session, after=position)).position == position


async def test_the_feed_of_the_api_is_for_superusers_and_refuses_what_is_no_position(make_user, client_for, client):
    boss, staff = await make_user(username="boss", is_superuser=True), await make_user(username="staff", is_staff=True)
    assert (await client.get("/api/history/feed")).status_code == 401
    assert (await (await client_for(staff)).get("/api/history/feed")).status_code == 403
    api = await client_for(boss)
    for position in ("x", "ab.1", "ab.1.1", "ab.1.1.²", "a" * 81):
        assert (await api.get("/api/history/feed", params={"after": position})).status_code == 422
    log = (await api.get("/api/history/feed")).json()["position"].partition(".")[0]
    for position in (f"ab.0.{2**63}.1", f"{log}.0.{2**63}.{2**63}"):  # of another log, and behind the end of this one
        assert (await api.get("/api/history/feed", params={"after": position})).status_code == 410
    assert (await api.get("/api/history/feed", params={"limit": 501})).status_code == 422


async def test_the_changes_of_the_readers_own_transaction_come_after_its_commit(database):
    async with database.unit_of_work() as session:
        session.add(Tag(name="x"))
        await session.flush()
        page = await read_history(session)
        assert page.changes == []
    await settled(database)
    assert (await read_all(database, page.position))[0] == ["x"]


@pytest.mark.parametrize("limit", [0, MAX_LIMIT + 1])
async def test_an_invalid_limit_is_refused(database, limit):
    async with database.unit_of_work(read_only=True) as session:
        with pytest.raises(ValueError, match="between 1 and 10,000"):
            await read_history(session, limit=limit)
