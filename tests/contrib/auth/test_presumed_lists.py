"""Who asks for a list is presumed to be whom their token named before; the statement of the page has to confirm it."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import APIRouter
from sqlalchemy import bindparam, delete, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group, leave_group
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.tokens.personal import make_token
from plugins.blog.api import posts
from plugins.blog.models import Post, Tag
from plugins.blog.policies import PostPolicy
from tests.contract.usual import without_fast_path

EMPTY = "/api/posts?search=nothing"


@pytest.fixture
async def bob(make_user, database):
    """The author of three published posts with a tag, and of a draft."""
    bob = await make_user(username="bob")
    async with database.unit_of_work() as session:
        session.add(tag := Tag(name="one"))
        for number in range(4):
            post = Post(title=f"Post {number}", content="x", author_id=bob.id, is_published=number > 0, tags=[tag])
            session.add(post)
    return bob


@pytest.fixture
def ask(count_statements):
    """Return the answer of a request, and how many statements that took."""

    async def ask(client, path):
        with count_statements() as statements:
            answer = await client.get(path)
        return answer, len(statements)

    return ask


async def seen(client, path):
    """What a client is told: how many posts it sees, or why it sees none."""
    answer = await client.get(path)
    return len(answer.json()["items"]) if answer.status_code == 200 else answer.status_code


async def test_a_page_costs_who_has_asked_before_no_statement_for_the_token(ada_client, bob, client_for, ada, ask):
    following = (await ada_client.get("/api/posts?limit=1&cursor=")).json()["next"]
    await ada_client.get("/api/tags/one/posts")
    for path, cost in (
        ("/api/posts?limit=2", 1),
        ("/api/posts?limit=2&offset=2&ordering=title", 1),
        (following, 1),
        ("/api/posts?fields=title,author.username", 1),
        ("/api/posts?search=post", 1),
        ("/api/posts?limit=1&count=true", 2),
        (f"/api/posts?author_id={bob.id}&is_published=true&count=true", 2),
        ("/api/tags/one/posts?limit=2", 2),
        (EMPTY, 2),  # no row says who asks, so the token is looked up
    ):
        newcomer = await client_for(ada)
        (first, dearer), (later, cheaper) = await ask(newcomer, path), await ask(ada_client, path)
        assert (cheaper, first.status_code) == (cost, 200), path
        assert dearer == cost + (path != EMPTY), path
        assert (first.content, first.headers.get("link")) == (later.content, later.headers.get("link")), path
        assert bool(first.json()["items"]) is (path != EMPTY), path


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.usefixtures("bob")
async def test_whatever_changes_about_the_user_counts_from_the_next_page_on(app, ada_client, database, ada, is_fast):
    if not is_fast:
        without_fast_path(app)
    paths = {EMPTY: 0, "/api/posts?cursor=": 3, "/api/posts?limit=10&count=true": 3, "/api/tags/one/posts": 3}
    async with database.unit_of_work() as session:
        group = await create_group(session, "editors", ["blog.view_post"])
    later, before = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(seconds=1)

    async def change(statement):
        async with database.unit_of_work() as session:
            await session.execute(statement)

    for path, count in paths.items():
        for _ in range(2):
            assert await seen(ada_client, path) == count
        async with database.unit_of_work() as session:
            await join_group(session, await session.get_one(User, ada.id), group)
        assert await seen(ada_client, path) == (count + 1 if count else 0), path
        async with database.unit_of_work() as session:
            await leave_group(session, await session.get_one(User, ada.id), group)
        assert await seen(ada_client, path) == count
        for column, value, undone in ((User.is_active, False, True), (Session.expires_at, before, later)):
            await change(update(column.class_).values({column: value}))
            assert await seen(ada_client, path) == 401, (path, column)
            await change(update(column.class_).values({column: undone}))
            assert [await seen(ada_client, path) for _ in range(2)] == [count, count]
    await change(delete(Session))
    assert [await seen(ada_client, path) for path in paths] == [401] * len(paths)


@pytest.mark.usefixtures("bob")
async def test_a_personal_token_that_is_limited_or_revoked_is_refused_by_the_next_page(client_for, ada, database):
    async with database.unit_of_work() as session:
        token = (await make_token(session, ada, name="ci", scopes=None, lifetime=timedelta(days=1))).token
        await session.execute(update(PersonalToken).values(used_at=datetime.now(UTC)))
    program = await client_for(ada)
    program.headers["Authorization"] = f"Bearer {token}"
    assert [await seen(program, "/api/posts") for _ in range(2)] == [3, 3]
    async with database.unit_of_work() as session:
        await session.execute(update(PersonalToken).values(is_limited=True))
    assert await seen(program, "/api/posts") == 403
    async with database.unit_of_work() as session:
        await session.execute(delete(PersonalToken))
    assert await seen(program, "/api/posts") == 401


async def of_name(name: str) -> dict[str, object]:
    return {"kind": name}


@pytest.mark.usefixtures("bob")
async def test_a_placeholder_with_the_name_of_one_of_the_token_keeps_its_own_value(app, ada_client, ask):
    router = APIRouter()
    titled = Post.title == bindparam("kind")
    posts.add_list(router, "/titled/{name}", name="list_titled", where=titled, values=of_name)
    app.include_router(router)
    for _ in range(3):
        answer, cost = await ask(ada_client, "/titled/Post 2")
        assert ([one["title"] for one in answer.json()["items"]], cost) == (["Post 2"], 2)


async def test_a_rule_whose_sql_depends_on_its_values_has_the_token_looked_up(ada_client, bob, ask, monkeypatch):
    ids = [bob.id]
    monkeypatch.setattr(PostPolicy, "where", lambda _policy, _viewer, _action: Post.author_id.in_(ids))
    for _ in range(2):
        answer, cost = await ask(ada_client, "/api/posts")
        assert (len(answer.json()["items"]), cost) == (4, 3)  # the ORM reads the tags by themselves
