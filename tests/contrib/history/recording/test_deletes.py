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


async def test_what_goes_along_is_told_behind_nothing_but_the_row(client_for, ada, path, database, count_statements):
    client = await client_for(ada)
    async with database.unit_of_work() as session:
        await session.execute(text(ADDED))
    with count_statements() as statements:
        assert (await client.delete(path)).status_code == 204
    assert len(statements) == {"sqlite": 3, "postgresql": 2}[database.engine.dialect.name]
    assert list(await gone(database)) == ["comments.comment", "blog.post"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("change", ["UPDATE blog_post SET title = 'Changed'", ADDED])
async def test_a_deletion_waits_for_who_changes_the_row_or_refers_to_it_and_tells_what_they_left(
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
async def test_a_deletion_of_several_or_of_their_owner_tells_what_referred_to_them_by_then(
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


async def test_who_may_not_delete_a_row_leaves_no_line(client_for, make_user, path, database):
    client = await client_for(await make_user(username="bob"))
    assert (await client.delete(path)).status_code == 403
    assert await gone(database) == {}
