"""Requests for exactly the same page of a list that wait together are answered by one statement."""

import asyncio

import pytest
from sqlalchemy import text

from plugins.blog.services import create_post
from tests.database.pool.crowds import PATIENCE, answers_of, crowd, get_each, seen, until_blocked, waiting

PAGE = "/api/posts?limit=2"
OTHER = "/api/posts?limit=2&offset=2"
DRAFTS = "/api/posts?is_published=false"
pytestmark = pytest.mark.usefixtures("_posts")


@pytest.fixture
def settings(make_settings, database_url):
    """The site's settings with one connection."""
    return make_settings(database_url=database_url, database_pool_size=1, database_pool_timeout=PATIENCE)


@pytest.fixture
async def _posts(database, ada):
    """Three published posts, and a draft of Ada's."""
    async with database.unit_of_work() as session:
        author = await session.merge(ada, load=False)
        for number in range(4):
            title, is_published = f"Post {number}", number > 0
            await create_post(session, author=author, title=title, content="é", is_published=is_published, tags=["all"])


async def test_who_waits_for_the_same_page_shares_one_statement_and_who_for_another_has_their_own(
    client, hers, database, count_statements
):
    requests = [(client, PAGE)] * 4 + [(client, OTHER)] * 3 + [(hers, DRAFTS), (client, DRAFTS)]
    alone = [(await get_each(one, [path]))[0] for one, path in requests]
    with count_statements() as statements:
        async with crowd(database, *requests) as tasks:
            pass
        together = await answers_of(tasks)
    assert [seen(one) for one in together] == [seen(one) for one in alone]
    assert [len(one.json()["items"]) for one in together[-2:]] == [1, 0]  # her draft is hers alone
    assert len(statements) == 4


async def test_a_page_with_a_count_is_shared_and_each_counts_alone(client, database, count_statements):
    with count_statements() as statements:
        async with crowd(database, *[(client, f"{PAGE}&count=true")] * 3) as tasks:
            pass
        together = await answers_of(tasks)
    assert [one.json()["total"] for one in together] == [3, 3, 3]
    assert len(statements) == 1 + 3


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_page_is_as_new_as_its_request_for_nobody_joins_a_statement_that_was_sent(client, database):
    async with database.outside_the_pool() as session, database.outside_the_pool() as watching:
        await session.execute(text("LOCK TABLE blog_post IN ACCESS EXCLUSIVE MODE"))
        async with crowd(database, *[(client, PAGE)] * 2) as tasks:
            pass
        await until_blocked(watching)
        late = asyncio.create_task(client.get(PAGE))
        await waiting(database, 2)  # the one who is read along, and the late one
        await session.execute(text("UPDATE blog_post SET title = 'Anew'"))
        await session.commit()
    together = await answers_of([*tasks, late])
    assert [one.status_code for one in together] == [200] * 3
    assert {item["title"] for item in together[2].json()["items"]} == {"Anew"}


async def test_who_hangs_up_while_others_wait_for_their_page_takes_nobody_along(client, database):
    alone = await client.get(PAGE)
    async with crowd(database, *[(client, PAGE)] * 4) as tasks:
        tasks[0].cancel()
    tasks[1].cancel()  # the connection was handed over, and nothing has run since
    assert {seen(one) for one in await answers_of(tasks[2:])} == {seen(alone)}
    statistics = database.engine.pool.statistics()
    assert (statistics.checked_out, statistics.waiting) == (0, 0)
