"""A DELETE of one row tells what was deleted, whatever others do to it at the same time."""

import asyncio

import pytest
from sqlalchemy import select, text

from dovetail.contrib.history.models import ChangeAction, RecordedChange
from plugins.blog.services import create_post

ADDED = """
    INSERT INTO comments_comment (post_id, author_id, content, status)
    SELECT id, author_id, 'Late.', 'approved' FROM blog_post
"""


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada")


@pytest.fixture
async def path(database, ada):
    async with database.unit_of_work() as session:
        made = await create_post(session, author=ada, title="One", content="Text.", is_published=True, tags=["one"])
    return f"/api/posts/{made.id}"


async def gone(database):
    """What was deleted, by model."""
    async with database.unit_of_work(read_only=True) as session:
        deletions = select(RecordedChange).where(RecordedChange.action == ChangeAction.DELETE)
        found = await session.scalars(deletions.order_by(RecordedChange.id))
        return {one.model: one.before for one in found}


async def test_cascaded_deletions_are_recorded_before_the_deletion_of_the_row(
    client_for, ada, path, database, count_statements
):
    client = await client_for(ada)
    async with database.unit_of_work() as session:
        await session.execute(text(ADDED))
    with count_statements() as statements:
        assert (await client.delete(path)).status_code == 204
    assert len(statements) == {"sqlite": 3, "postgresql": 2}[database.engine.dialect.name]
    assert list(await gone(database)) == ["comments.comment", "blog.post"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("change", ["UPDATE blog_post SET title = 'Changed'", ADDED])
async def test_a_deletion_waits_for_transactions_that_change_the_row_and_records_their_values(
    client_for, ada, path, database, change
):
    client = await client_for(ada)
    async with database.unit_of_work() as session:
        await session.execute(text(change))
        deletion = asyncio.create_task(client.delete(path))
        await asyncio.sleep(0.3)
        assert not deletion.done()
    assert (await deletion).status_code == 204
    found = await gone(database)
    assert found["blog.post"]["title"] == ("Changed" if "Changed" in change else "One")
    assert ("comments.comment" in found) is (change is ADDED)


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("address", ["/api/posts/bulk?ids=1", "/api/users/1"])
async def test_a_deletion_of_several_rows_or_their_owner_records_all_rows_that_referred_to_them(
    client_for, make_user, path, database, address
):
    assert path == "/api/posts/1"
    client = await client_for(await make_user(username="root", is_superuser=True))
    async with database.unit_of_work() as session:
        await session.execute(text(ADDED))
        deletion = asyncio.create_task(client.delete(address))
        await asyncio.sleep(0.3)
        assert not deletion.done()
    assert (await deletion).status_code == 204
    assert (await gone(database))["comments.comment"]["content"] == "Late."


async def test_a_refused_deletion_is_not_recorded(client_for, make_user, path, database):
    client = await client_for(await make_user(username="bob"))
    assert (await client.delete(path)).status_code == 403
    assert await gone(database) == {}
