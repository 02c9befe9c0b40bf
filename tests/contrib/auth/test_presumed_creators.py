"""Who makes one object is presumed to be whom their token named before; the statement that inserts asks for that."""

import pytest
from sqlalchemy import delete, select, update

from dovetail.api.schemas import Schema
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group, leave_group
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.history.models import RecordedChange
from dovetail.resources.resource import Resource
from plugins.blog.models import Post, Tag
from plugins.blog.policies import POSTS
from plugins.blog.schemas import PostCreate, PostRead

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite writes and confirms by statements apart


@pytest.fixture
async def there(database):
    """Two tags that are there."""
    async with database.unit_of_work() as session:
        session.add_all([Tag(name="one"), Tag(name="two")])
    return ["two", "one"]


@pytest.fixture
def cost(count_statements, ada_client):
    """What a new post is answered, and how many statements that took."""

    async def ask(tags=(), path="/api/posts", **fields):
        with count_statements() as statements:
            answer = await ada_client.post(path, json={"title": "x", "content": "y", "tags": list(tags), **fields})
        return answer.status_code, len(statements)

    return ask


@pytest.fixture
def stored(database):
    """How many posts, tags and lines of the history there are."""

    async def stored():
        async with database.unit_of_work() as session:
            return [len((await session.scalars(select(model))).all()) for model in (Post, Tag, RecordedChange)]

    return stored


END = pytest.mark.parametrize(
    "end", [delete(Session), update(User).values(is_active=False)], ids=["logged out", "gone"]
)


async def test_a_new_post_with_tags_that_are_there_costs_who_has_asked_before_one_statement(cost, there, stored):
    _, tags, lines = await stored()
    assert [await cost(there) for _ in range(3)] == [(201, 2), (201, 1), (201, 1)]
    assert [await cost() for _ in range(2)] == [(201, 1), (201, 1)]
    assert await stored() == [5, tags, lines + 3 * 3 + 2]


async def test_the_response_equals_what_is_read_afterwards(ada_client, there):
    for _ in range(2):
        body = {"title": "x", "content": "y", "tags": [*there, "ONE "]}
        made = await ada_client.post("/api/posts", json=body)
        assert [tag["name"] for tag in made.json()["tags"]] == ["one", "two"]
        assert (await ada_client.get(made.headers["Location"])).json() == made.json()
        assert (await ada_client.get(made.headers["Location"])).headers["ETag"] == made.headers["ETag"]


@END
async def test_an_expired_token_creates_nothing_and_is_refused(cost, there, stored, database, end):
    assert [(await cost(there))[0] for _ in range(2)] == [201, 201]
    async with database.unit_of_work() as session:
        await session.execute(end)
    before = await stored()
    assert (await cost(there))[0] == 401
    assert (await cost([*there, "new"]))[0] == 401
    assert (await cost(author_id=2**62))[0] == 401
    assert (await cost(there, is_published="x"))[0] == 401
    assert await stored() == before


async def test_tags_that_are_not_there_are_made_and_the_post_carries_all(cost, there, stored, ada_client):
    posts, tags, _ = await stored()
    assert [(await cost(["new", *there]))[0], (await cost(["newer"]))[0]] == [201, 201]
    assert (await stored())[:2] == [posts + 2, tags + 2]
    assert await cost(["new", "newer"]) == (201, 1)


async def test_what_a_group_gives_and_takes_counts_from_the_next_post_on(cost, make_user, database, ada, stored):
    bob = await make_user(username="bob")
    async with database.unit_of_work() as session:
        group = await create_group(session, "editors", ["blog.change_post"])
    assert [(await cost(author_id=bob.id))[0] for _ in range(2)] == [403, 403]
    async with database.unit_of_work() as session:
        await join_group(session, await session.get_one(User, ada.id), group)
    assert [(await cost(author_id=bob.id))[0] for _ in range(2)] == [201, 201]
    async with database.unit_of_work() as session:
        await leave_group(session, await session.get_one(User, ada.id), group)
    assert [(await cost(author_id=bob.id))[0] for _ in range(2)] == [403, 403]
    assert (await stored())[0] == 2


async def test_the_history_has_the_authors_current_username(cost, database):
    assert [(await cost())[0] for _ in range(2)] == [201, 201]
    async with database.unit_of_work() as session:
        await session.execute(update(User).values(username="lovelace"))
        await session.execute(delete(RecordedChange))
    assert [await cost() for _ in range(2)] == [(201, 4), (201, 2)]
    async with database.unit_of_work() as session:
        assert list(await session.scalars(select(RecordedChange.actor_name))) == ["lovelace"] * 2


@END
async def test_no_hook_runs_for_an_expired_token(app, cost, database, end):
    asked = []

    async def new_post(session, user, data):
        asked.append(user.username)
        return data.model_dump(exclude={"tags"}) | {"author_id": user.id}

    async def find(session, names):
        asked.append(names)
        return {}

    hooks = {"create_with": new_post, "links": {"tags": find}}
    app.include_router(Resource(model=Post, read=PostRead, create=PostCreate, policy=POSTS, name="row", **hooks).router)
    assert [(await cost(path="/rows"))[0] for _ in range(2)] == [201, 201]
    async with database.unit_of_work() as session:
        await session.execute(end)
    asked.clear()
    assert [(await cost(tags, path="/rows"))[0] for tags in ((), ("x",))] == [401, 401]
    assert asked == []


class Nameless(Schema):
    content: str


async def test_a_default_depends_on_the_user_at_that_time(app, ada_client, database):
    given = {"author_id": lambda user: user.id, "title": lambda user: user.full_name}
    app.include_router(
        Resource(model=Post, read=PostRead, create=Nameless, policy=POSTS, name="row", create_defaults=given).router
    )
    for name in ("Ada Lovelace", "Ada King"):
        async with database.unit_of_work() as session:
            await session.execute(update(User).values(full_name=name))
        made = [await ada_client.post("/rows", json={"content": "y"}) for _ in range(2)]
        assert [(one.status_code, one.json()["title"]) for one in made] == [(201, name)] * 2
