"""Rows that are over are removed some at a time."""

from sqlalchemy import select

from dovetail.database.bulk import delete_some
from tests.probe.models import Item


async def test_no_more_rows_go_than_were_asked_for_and_none_of_the_others(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add_all(Item(name=f"old {number}") for number in range(5))
        session.add(Item(name="new"))

    async with probe_database.unit_of_work() as session:
        assert [await delete_some(session, Item, Item.name.startswith("old"), most=3) for _ in range(3)] == [3, 2, 0]

    async with probe_database.unit_of_work(read_only=True) as session:
        assert (await session.scalars(select(Item.name))).all() == ["new"]
