"""Datetimes with and without a zone, in plain columns of either kind."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import TIMESTAMP, Column, DateTime, Integer, MetaData, Table, insert, select

from dovetail.database.column_types import DatetimeRangeError, NaiveDatetimeError, ZonedDatetimeError

clocks = Table(
    "clocks",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("zoned", DateTime(timezone=True)),
    Column("stamped", TIMESTAMP(timezone=True)),
    Column("plain", DateTime()),
)
HALF_PAST_TWO = datetime(2026, 3, 29, 2, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
NOON = datetime(2026, 3, 29, 12, 0, 0, 5)  # noqa: DTZ001 - for a column without zones


@pytest.fixture
async def table(app, session):
    async with app.state.database.engine.begin() as connection:
        await connection.run_sync(clocks.metadata.create_all)
    return clocks


async def test_a_moment_stays_the_same_and_a_clock_without_zone_stays_without(table, session):
    values = {"zoned": HALF_PAST_TWO, "stamped": HALF_PAST_TWO, "plain": NOON}
    await session.execute(insert(table).values(values))
    row = (await session.execute(select(table.c.zoned, table.c.stamped, table.c.plain))).one()
    assert row == (HALF_PAST_TWO, HALF_PAST_TWO, NOON)
    assert (row.zoned.tzinfo, row.stamped.tzinfo, row.plain.tzinfo) == (UTC, UTC, None)
    later = HALF_PAST_TWO.astimezone(timezone(timedelta(hours=-8)))
    for column, value in ((table.c.zoned, later), (table.c.stamped, later), (table.c.plain, NOON)):
        assert await session.scalar(select(table.c.id).where(column == value)) is not None
    await session.commit()


OTHER_KIND = [
    ({"zoned": NOON}, NaiveDatetimeError),
    ({"stamped": NOON}, NaiveDatetimeError),
    ({"plain": HALF_PAST_TWO}, ZonedDatetimeError),
    ({"zoned": datetime.max.replace(tzinfo=timezone(timedelta(hours=-2)))}, DatetimeRangeError),
]


async def test_a_datetime_of_the_other_kind_is_refused(table, session):
    for values, error in OTHER_KIND:
        with pytest.raises(error):
            await session.execute(insert(table).values(values))
        await session.rollback()
        assert (await session.execute(select(table.c.id))).all() == [], values
        await session.commit()
