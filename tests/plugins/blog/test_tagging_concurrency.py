"""Fifty at once: never a duplicate, never an error, on both databases."""

import asyncio
import random
import subprocess

import pytest
from sqlalchemy import func, select, text

from plugins.blog.models import Tag, post_tags
from plugins.blog.tagging import get_or_create_tags

CLIENTS = 50
NAMES = [f"tag {number:02}" for number in range(20)]


@pytest.fixture
def settings(make_settings, database_url):
    # Ten connections for fifty clients are the point; how long a busy machine takes to serve them is not.
    return make_settings(database_url=database_url, database_pool_timeout=60)


async def counts(session):
    tags = await session.scalar(select(func.count()).select_from(Tag))
    links = await session.scalar(select(func.count()).select_from(post_tags))
    return tags, links


def shuffled(seed):
    names = list(NAMES)
    random.Random(seed).shuffle(names)
    return names


@pytest.mark.parametrize("same_post", [True, False])
async def test_fifty_clients_attach_the_same_twenty_tags_at_once(author, session, make_post, same_post):
    posts = [await make_post() for _ in range(1 if same_post else CLIENTS)]

    async def one_client(number):
        url = f"/api/posts/{posts[number % len(posts)].id}/tags"
        return [(await author.client.post(url, json={"name": name})).status_code for name in shuffled(number)]

    answers = await asyncio.gather(*(one_client(number) for number in range(CLIENTS)))
    statuses = [status for answer in answers for status in answer]
    assert set(statuses) <= {200, 201}
    assert statuses.count(201) == len(posts) * len(NAMES)
    assert await counts(session) == (len(NAMES), len(posts) * len(NAMES))


async def test_fifty_clients_write_posts_with_the_same_twenty_tags_at_once(author, session):
    async def one_client(number):
        body = {"title": "t", "content": "c", "tags": shuffled(number)}
        return (await author.client.post("/api/posts", json=body)).status_code

    assert set(await asyncio.gather(*(one_client(number) for number in range(CLIENTS)))) == {201}
    assert await counts(session) == (len(NAMES), CLIENTS * len(NAMES))


@pytest.mark.parametrize("way", ["create", "update"])
async def test_bulk_requests_that_make_the_same_tags_in_every_order_never_wait_in_a_circle(
    author, session, make_post, way
):
    posts = [[(await make_post()).id for _ in range(4)] if way == "update" else [None] * 4 for _ in range(20)]

    async def one_client(number):
        names = shuffled(number)
        groups = [names[start : start + 5] for start in range(0, 20, 5)]  # each item makes some of them
        if way == "create":
            items = [{"title": "t", "content": "c", "tags": group} for group in groups]
            return await author.client.post("/api/posts/bulk", json={"items": items})
        items = [{"id": key, "tags": group} for key, group in zip(posts[number], groups, strict=True)]
        return await author.client.patch("/api/posts/bulk", json={"items": items})

    answers = await asyncio.gather(*(one_client(number) for number in range(20)))
    assert {answer.status_code for answer in answers} == {201 if way == "create" else 200}
    assert await counts(session) == (len(NAMES), 20 * len(NAMES))


async def test_fifty_clients_change_the_tags_of_one_post_in_every_way_at_once(author, session, make_post):
    post = await make_post(tags=NAMES[:10])
    url = f"/api/posts/{post.id}"

    async def one_client(number):
        names = shuffled(number)
        if number % 3 == 0:
            return await author.client.patch(url, json={"title": f"{number}", "tags": names[:12]})
        if number % 3 == 1:
            return await author.client.post(f"{url}/tags", json={"name": names[0]})
        return await author.client.delete(f"{url}/tags/{post.tags[number % 10].id}")

    answers = await asyncio.gather(*(one_client(number) for number in range(CLIENTS)))
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404}
    final = (await author.client.get(url)).json()["tags"]
    tags, links = await counts(session)
    assert len({tag["name"] for tag in final}) == len(final) == links
    assert tags <= len(NAMES)


async def somebody_waits(database):
    # In a transaction of its own: within one, PostgreSQL shows the activity of its beginning.
    async with database.unit_of_work() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return await session.scalar(text(waiting))


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite has one writer at a time
async def test_tags_are_made_in_the_order_of_their_names_whatever_the_order_of_the_request(database):
    names = shuffled(1)
    middle = sorted(names)[10]
    async with database.unit_of_work() as first:
        await get_or_create_tags(first, [middle])

        async def make_all():
            async with database.unit_of_work() as second:
                return await get_or_create_tags(second, names)

        waiting = asyncio.create_task(make_all())
        while not await somebody_waits(database):  # noqa: ASYNC110 - only the database knows who waits
            await asyncio.sleep(0.01)
        async with database.unit_of_work() as third:
            # The second waits for the middle and has not touched what comes after: no circle can close.
            await third.execute(text("SET LOCAL lock_timeout = '5s'"))
            later = sorted(names)[11:]
            assert [tag.name for tag in await get_or_create_tags(third, later[::-1])] == later
    assert [tag.name for tag in await waiting] == sorted(names)


PROCESS = """
import asyncio, random, sys
from config.settings import Settings
from plugins.blog.models import Post
from plugins.blog.tagging import attach_tag, find_tags
from dovetail.resources.write.links import change_links
from dovetail.context import open_context
from dovetail.registry import load_registry

async def main(url, seed, post_ids):
    plugins = ("dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog")
    given = {"database_url": url, "plugins": plugins, "database_pool_timeout": 60}
    settings = Settings(environment="test", secret_key="x" * 32, **given)
    async with open_context(settings, load_registry(settings)) as context:
        async def attach(names, post_id):
            async with context.database.unit_of_work() as session:
                post = await session.get_one(Post, post_id, with_for_update={"key_share": True})
                if len(names) > 1:
                    keys = await find_tags(session, names)
                    await change_links(session, Post, "tags", {post_id: list(keys.values())})
                else:
                    await attach_tag(session, post, names[0])
        names = [f"tag {n:02}" for n in range(20)]
        random.Random(seed).shuffle(names)
        work = [(group, post_id) for group in [names, *([name] for name in names)] for post_id in post_ids]
        print("ready", flush=True)
        sys.stdin.readline()
        turns = iter(work)

        async def client():
            for each in turns:
                await attach(*each)

        await asyncio.gather(*(client() for _ in range(5)))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), [int(each) for each in sys.argv[3:]]))
"""


def start_process(python, url, seed, posts):
    command = [python, "-c", PROCESS, url, str(seed), *posts]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


async def test_several_processes_attach_the_same_tags_at_once(forked_python, database_url, session, make_post):
    posts = [str((await make_post()).id) for _ in range(2)]
    processes = [start_process(forked_python, database_url, seed, posts) for seed in range(4)]
    try:
        await asyncio.gather(*(asyncio.to_thread(process.stdout.readline) for process in processes))
        errors = await asyncio.gather(*(asyncio.to_thread(process.communicate, "go\n") for process in processes))
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * 4, errors
    assert await counts(session) == (len(NAMES), len(posts) * len(NAMES))
