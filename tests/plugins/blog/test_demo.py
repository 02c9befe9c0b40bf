"""The demo blog: loaded once, into an empty blog only, by as many as like to try."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from dovetail.contrib.auth.models import User
from plugins.blog.demo.loader import load_demo
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.running import manage


@pytest.fixture
def loaddemo(database_url):
    return lambda *arguments, **variables: manage("loaddemo", *arguments, DATABASE_URL=database_url, **variables)


async def count(session, model):
    return await session.scalar(select(func.count()).select_from(model))


async def test_a_new_site_can_load_the_demo(loaddemo, client, staff):
    result = loaddemo("--if-empty")
    assert (result.code, result.stdout) == (0, "A demo blog was loaded: 9 posts.\n")
    posts = (await client.get("/api/posts")).json()["items"]
    assert len(posts) == 7
    assert posts[0]["title"] == "Welcome to your new house"
    assert [post["created_at"] for post in posts] == sorted((post["created_at"] for post in posts), reverse=True)
    assert all(post["tags"] and post["author"]["full_name"] for post in posts)
    assert (await staff.client.get("/api/posts?is_published=false&count=true")).json()["total"] == 2
    comments = (await client.get(f"/api/posts/{posts[0]['id']}/comments")).json()["items"]
    assert [len(comment["replies"]) for comment in comments] == [1]
    waiting = await staff.client.get(f"/api/posts/{posts[0]['id']}/comments?status=pending&count=true")
    assert waiting.json()["total"] == 1


async def test_nobody_can_log_in_as_an_author_of_the_demo(loaddemo, session):
    loaddemo()
    users = (await session.scalars(select(User))).all()
    assert {user.hashed_password for user in users} == {"!"}
    assert not any(user.is_superuser for user in users)


async def test_a_blog_with_posts_is_left_as_it_is(loaddemo, make_post, session):
    await make_post()
    quiet, asked = loaddemo("--if-empty"), loaddemo()
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert asked.error == "There are posts already; the demo is loaded into an empty blog only."
    assert await count(session, Post) == 1


async def test_two_concurrent_loads_of_the_demo_load_it_once(loaddemo, session):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: loaddemo("--if-empty"), range(4)))
    assert [result.code for result in results] == [0] * 4, results
    assert sorted(bool(result.stdout) for result in results) == [False, False, False, True]
    assert await count(session, Post) == 9


async def test_the_demo_does_not_need_the_comments_plugin(loaddemo, session):
    result = loaddemo(PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog"]')
    assert result.code == 0, result.stderr
    assert await count(session, Post) == 9
    assert await count(session, Comment) == 0


async def test_an_existing_user_is_used_as_author_of_the_demo(make_user, session):
    mira = await make_user(username="Mira", full_name="Somebody Else")
    async with session.begin():
        posts = await load_demo(session)
    assert {post.author_id for post in posts if post.author.username == "Mira"} == {mira.id}
    assert await count(session, User) == 3
