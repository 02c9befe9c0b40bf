"""What was not loaded is named, with the option that loads it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dovetail.database.lazy_loading import LazyLoadError
from tests.probe.models import Item


@pytest.fixture
async def family(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add(parent := Item(name="parent"))
        await session.flush()
        session.add(Item(name="child", parent_id=parent.id))
    return probe_database


async def test_a_relation_that_was_not_loaded_is_named_with_the_option_to_add(family):
    async with family.unit_of_work(read_only=True) as session:
        parent = await session.scalar(select(Item).where(Item.name == "parent"))
        with pytest.raises(LazyLoadError) as raised:
            parent.children  # noqa: B018 - reading it is the mistake
        assert "Item.children was read but not loaded" in str(raised.value)
        assert ".options(selectinload(Item.children))" in str(raised.value)


async def test_a_many_to_one_that_was_not_loaded_is_named_too(family):
    async with family.unit_of_work(read_only=True) as session:
        child = await session.scalar(select(Item).where(Item.name == "child"))
        with pytest.raises(LazyLoadError, match=r"Item\.parent was read but not loaded"):
            child.parent  # noqa: B018 - reading it is the mistake


async def test_what_was_loaded_or_awaited_may_be_read(family):
    async with family.unit_of_work(read_only=True) as session:
        query = select(Item).where(Item.name == "parent")
        parent = await session.scalar(query.options(selectinload(Item.children)))
        assert [child.name for child in parent.children] == ["child"]
        child = await session.scalar(select(Item).where(Item.name == "child"))
        assert (await child.awaitable_attrs.parent).name == "parent"


async def test_a_relation_may_be_read_in_run_sync(family):
    async with family.unit_of_work(read_only=True) as session:
        child = await session.scalar(select(Item).where(Item.name == "child"))
        assert await session.run_sync(lambda _: child.parent.name) == "parent"
