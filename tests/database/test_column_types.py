"""Times are aware and in UTC, in and out, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from dovetail.database.column_types import DatetimeRangeError, NaiveDatetimeError, moment_ago, utcnow
from tests.probe.models import Item

MOMENT = datetime(2026, 1, 31, 23, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))


async def test_a_time_comes_back_as_the_same_moment_in_utc(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add(Item(name="x", due=MOMENT))
    async with probe_database.unit_of_work(read_only=True) as session:
        due = await session.scalar(select(Item.due))
    assert due == MOMENT
    assert (due.tzinfo, due.hour, due.microsecond) == (UTC, 18, 123456)


async def test_times_are_compared_as_moments(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add(Item(name="x", due=MOMENT))
    async with probe_database.unit_of_work(read_only=True) as session:
        for moment in (MOMENT, MOMENT.astimezone(UTC)):
            assert await session.scalar(select(Item.name).where(Item.due == moment)) == "x"
            assert await session.scalar(select(Item.name).where(Item.due < moment)) is None


async def test_a_time_without_a_zone_or_beyond_the_calendar_is_refused(probe_database):
    naive = datetime(2026, 1, 31)  # noqa: DTZ001 - that is the point
    beyond = datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))
    async with probe_database.unit_of_work(read_only=True) as session:
        with pytest.raises(NaiveDatetimeError, match="no timezone"):
            await session.scalar(select(Item.id).where(Item.due == naive))
        with pytest.raises(DatetimeRangeError, match="years 1 to 9999"):
            await session.scalar(select(Item.id).where(Item.due == beyond))


async def test_the_database_sets_when_a_row_was_made_and_when_it_was_changed(probe_database):
    before = datetime.now(UTC) - timedelta(seconds=2)
    async with probe_database.unit_of_work() as session:
        session.add(item := Item(name="x"))
    assert before < item.created_at < datetime.now(UTC) + timedelta(seconds=2)
    assert item.created_at.tzinfo is UTC
    async with probe_database.unit_of_work() as session:
        again = await session.get(Item, item.id)
        again.size = 5
        await session.flush()
        assert again.updated_at > item.updated_at
        assert again.created_at == item.created_at


async def test_the_databases_clock_is_aware_in_a_statement(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add(Item(name="x"))
        await session.flush()
        await session.execute(update(Item).values(due=utcnow()))
        due = await session.scalar(select(Item.due))
        assert abs(due - datetime.now(UTC)) < timedelta(seconds=5)
        assert (await session.scalar(select(utcnow()))).tzinfo is UTC


async def test_a_moment_ago_is_that_long_before_now_by_the_clock_of_the_database(probe_database):
    async with probe_database.unit_of_work(read_only=True) as session:
        before, now = (await session.execute(select(moment_ago(timedelta(minutes=5)), utcnow()))).one()
    assert abs(now - before - timedelta(minutes=5)) < timedelta(seconds=1)
    assert before.tzinfo is UTC
