"""Times in lists are those of the rows read alone, although PostgreSQL sends them as bytes there."""

from datetime import datetime

import pytest
from sqlalchemy import text

from plugins.blog.services import create_post

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_a_list_has_the_times_of_its_items_and_pages_by_them(client, database, make_user):
    moments = ["2026-03-01T12:30:15.123456Z", "1969-12-31T23:59:59.999999Z", "2026-03-01T12:30:15Z"]
    made = []
    async with database.unit_of_work() as session:
        author = await session.merge(await make_user(username="ada"), load=False)
        for number, moment in enumerate(moments):
            post = await create_post(session, author=author, title=f"{number}", content="c", is_published=True, tags=[])
            post.created_at = datetime.fromisoformat(moment)
            made.append(post)
    items, cursor = [], "/api/posts?limit=2&cursor="
    while cursor:
        page = (await client.get(cursor)).json()
        items += page["items"]
        cursor = page.get("next")
    assert [item["created_at"] for item in items] == [moments[0], moments[2], moments[1]]
    assert items == [(await client.get(f"/api/posts/{item['id']}")).json() for item in items]


@on_postgresql
async def test_a_time_beyond_the_calendar_fails_in_a_list_as_it_does_alone(client, database, make_user):
    async with database.unit_of_work() as session:
        author = await session.merge(await make_user(username="ada"), load=False)
        post = await create_post(session, author=author, title="Late", content="c", is_published=True, tags=[])
    async with database.outside_the_pool() as session:
        await session.execute(text("UPDATE blog_post SET created_at = '12000-01-01Z'"))
        await session.commit()
    alone, listed = await client.get(f"/api/posts/{post.id}"), await client.get("/api/posts")
    assert (listed.status_code, listed.json()["title"]) == (alone.status_code, alone.json()["title"])
