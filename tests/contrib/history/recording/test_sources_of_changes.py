"""Each door by which rows change leaves a line for each row, in the transaction of the change."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.history.models import RecordedChange
from dovetail.errors import DovetailError
from plugins.blog.models import Post, Tag, post_tags
from plugins.blog.tagging import find_tags
from plugins.comments.models import Comment

Changes = Callable[..., Awaitable[Sequence[RecordedChange]]]
NEW = {"title": "A post", "content": "Text."}
# FastAPI's own road takes what the fast one leaves to it: a body of another type than exactly application/json.
ROADS = pytest.mark.parametrize(
    "road", ["application/json", "application/json; charset=utf-8"], ids=["fast", "fastapi"]
)


def told(rows: Sequence[RecordedChange], *names: str) -> list[tuple[object, ...]]:
    """What was done to which object, with the fields of these names before and after."""
    return [(row.action, row.model, row.object_key, _some(row.before, names), _some(row.after, names)) for row in rows]


def _some(picture: dict[str, object], names: Sequence[str]) -> dict[str, object]:
    return {name: value for name, value in picture.items() if not names or name in names}


@pytest.fixture
async def ada(make_user) -> User:
    return await make_user(username="ada", is_superuser=True)


@pytest.fixture
async def ada_client(ada, client_for) -> httpx.AsyncClient:
    return await client_for(ada)


@ROADS
async def test_creating_changing_and_deleting_a_post_by_the_api_records_three_changes(ada_client, changes, ada, road):
    ada_client.headers["Content-Type"] = road
    await changes()
    made = (await ada_client.post("/api/posts", content=b'{"title": "A post", "content": "Text."}')).json()
    path = f"/api/posts/{made['id']}"
    assert (await ada_client.patch(path, content=b'{"title": "Another"}')).status_code == 200
    assert (await ada_client.patch(path, content=b'{"title": "Another"}')).status_code == 200  # which changes nothing
    assert (await ada_client.delete(path)).status_code == 204
    key = str(made["id"])
    rows = await changes()
    assert told(rows, "title") == [
        ("add", "blog.post", key, {}, {"title": "A post"}),
        ("change", "blog.post", key, {"title": "A post"}, {"title": "Another"}),
        ("delete", "blog.post", key, {"title": "Another"}, {}),
    ]
    assert rows[1].before.keys() == rows[1].after.keys() == {"title"}
    assert {(row.door, row.actor_id, row.actor_name, bool(row.request_id)) for row in rows} == {
        ("rest", ada.id, "ada", True)
    }


@ROADS
async def test_tags_that_are_set_by_the_api_are_changes_of_the_post(ada_client, changes, road):
    ada_client.headers["Content-Type"] = road
    await changes()
    made = (await ada_client.post("/api/posts", content=b'{"title": "A", "content": "B", "tags": ["x", "y"]}')).json()
    x, y = (tag["id"] for tag in made["tags"])
    key = str(made["id"])
    rows = await changes()
    assert sorted(told(rows, "name", "tags"), key=str) == sorted(
        [
            ("add", "blog.post", key, {}, {}),
            ("add", "blog.tag", str(x), {}, {"name": "x"}),
            ("add", "blog.tag", str(y), {}, {"name": "y"}),
            ("change", "blog.post", key, {}, {"tags": x}),
            ("change", "blog.post", key, {}, {"tags": y}),
        ],
        key=str,
    )
    assert (await ada_client.patch(f"/api/posts/{key}", content=b'{"tags": ["y", "z"]}')).status_code == 200
    rows = await changes()
    (z,) = [row.object_key for row in rows if row.model == "blog.tag"]
    assert [one for one in told(rows) if one[1] == "blog.post"] == [
        ("change", "blog.post", key, {"tags": x}, {}),
        ("change", "blog.post", key, {}, {"tags": int(z)}),
    ]


async def test_a_bulk_request_records_a_change_for_each_post(ada_client, changes):
    await changes()
    made = (await ada_client.post("/api/posts/bulk", json={"items": [NEW, NEW | {"title": "B", "tags": ["x"]}]})).json()
    first, second = (one["id"] for one in made["items"])
    rows = await changes("blog.post")
    assert [one[:3] for one in told(rows)] == [
        ("add", "blog.post", str(first)),
        ("add", "blog.post", str(second)),
        ("change", "blog.post", str(second)),
    ]
    items = [{"id": first, "title": "C"}, {"id": second, "title": "D", "tags": []}]
    assert (await ada_client.patch("/api/posts/bulk", json={"items": items})).status_code == 200
    rows = await changes("blog.post")
    assert sorted(told(rows, "title"), key=str) == sorted(
        [
            ("change", "blog.post", str(second), {}, {}),
            ("change", "blog.post", str(first), {"title": "A post"}, {"title": "C"}),
            ("change", "blog.post", str(second), {"title": "B"}, {"title": "D"}),
        ],
        key=str,
    )
    assert (await ada_client.delete("/api/posts/bulk", params={"ids": f"{first},{second}"})).status_code == 204
    assert [one[:3] for one in told(await changes())] == [
        ("delete", "blog.post", str(first)),
        ("delete", "blog.post", str(second)),
    ]


async def test_a_rolled_back_change_is_not_recorded(ada_client, changes):
    await changes()
    refused = await ada_client.post("/api/posts/bulk", json={"items": [NEW, NEW | {"author_id": 10**6}]})
    assert refused.status_code >= 400
    assert await changes() == []


async def test_each_row_that_the_orm_flushes_is_recorded(database, changes, ada):
    await changes()
    async with database.unit_of_work() as session:
        post = Post(title="A", content="B", author_id=ada.id, tags=[Tag(name="x")])
        session.add(post)
    async with database.unit_of_work() as session:
        found = await session.get_one(Post, post.id)
        found.title, found.view_count = "C", 3
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(Post, post.id))
    rows = await changes("blog.post")
    tag = rows[1].after["tags"]
    key = str(post.id)
    assert told(rows, "title", "view_count", "tags") == [
        ("add", "blog.post", key, {}, {"title": "A", "view_count": 0}),
        ("change", "blog.post", key, {}, {"tags": tag}),
        ("change", "blog.post", key, {"title": "A", "view_count": 0}, {"title": "C", "view_count": 3}),
        ("change", "blog.post", key, {"tags": tag}, {}),
        ("delete", "blog.post", key, {"title": "C", "view_count": 3}, {}),
    ]
    assert {(row.door, row.actor_id) for row in rows} == {("code", None)}


async def test_each_row_that_a_statement_changes_is_recorded(database, changes, ada):
    async with database.unit_of_work() as session:
        rows = [{"title": f"{number}", "content": "", "author_id": ada.id} for number in range(3)]
        keys = (await session.scalars(insert(Post).returning(Post.id, sort_by_parameter_order=True), rows)).all()
        assert [one[:3] for one in told(await _lines(session))][-3:] == [("add", "blog.post", str(one)) for one in keys]
    await changes()
    async with database.unit_of_work() as session:
        await session.execute(insert(Tag), [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}])  # which answers nothing
        await session.execute(update(Post).where(Post.id > keys[0]).values(view_count=Post.view_count + 2))
        await session.execute(update(Post), [{"id": keys[0], "title": "A"}, {"id": keys[1], "title": "1"}])
        table = Post.__table__
        connection = await session.connection()
        await connection.execute(table.update().where(table.c.id == keys[0]), {"content": "Core"})
        await session.execute(delete(Tag).where(Tag.name == "x"))
    first, second, third = map(str, keys)
    assert told(await changes(), "title", "view_count", "content", "name") == [
        ("add", "blog.tag", "1", {}, {"name": "x"}),
        ("add", "blog.tag", "2", {}, {"name": "y"}),
        ("change", "blog.post", second, {"view_count": 0}, {"view_count": 2}),
        ("change", "blog.post", third, {"view_count": 0}, {"view_count": 2}),
        ("change", "blog.post", first, {"title": "0"}, {"title": "A"}),  # the other title stayed as it was
        ("change", "blog.post", first, {"content": ""}, {"content": "Core"}),
        ("delete", "blog.tag", "1", {"name": "x"}, {}),
    ]


async def test_each_row_that_the_database_deletes_by_cascade_is_recorded_once(database, changes, ada):
    async with database.unit_of_work() as session:
        eve = User(username="eve", email="eve@example.org", hashed_password="!")
        post = Post(title="A", content="B", author=eve, tags=[Tag(name="x")])
        session.add(post)
        await session.flush()
        comment = Comment(content="1", post_id=post.id, author_id=ada.id)
        session.add(comment)
        await session.flush()
        reply = Comment(content="2", post_id=post.id, author_id=eve.id, parent_id=comment.id)
        session.add(reply)
        await session.flush()
        session.add(Comment(content="3", post_id=post.id, author_id=ada.id, parent_id=reply.id))
    await changes()
    async with database.unit_of_work() as session:
        await session.execute(delete(User).where(User.id == eve.id))
        assert (await session.scalars(select(Comment))).all() == []
    rows = await changes()
    assert sorted((row.action, row.model, row.before.get("content", "")) for row in rows) == [
        ("change", "blog.post", ""),  # its tag
        ("delete", "auth.user", ""),
        ("delete", "blog.post", "B"),
        ("delete", "comments.comment", "1"),
        ("delete", "comments.comment", "2"),
        ("delete", "comments.comment", "3"),
    ]


async def test_deleting_all_rows_records_each_row_of_the_recorded_tables_only(database, changes):
    async with database.unit_of_work() as session:
        session.add_all([Tag(id=1, name="x"), Tag(id=2, name="y")])
    await changes()
    async with database.unit_of_work() as session:
        await session.execute(delete(Session))
        await session.execute(delete(Tag))
    assert [one[:3] for one in told(await changes())] == [("delete", "blog.tag", "1"), ("delete", "blog.tag", "2")]


async def test_on_conflict_do_nothing_records_only_the_inserted_rows(database, changes, ada):
    async with database.unit_of_work() as session:
        await find_tags(session, ["x"])
        session.add(Post(title="A", content="B", author_id=ada.id))
    await changes()
    async with database.unit_of_work() as session:
        keys = await find_tags(session, ["x", "y"])
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        for _ in range(2):
            link = dialect.insert(post_tags).values(post_id=1, tag_id=keys["x"]).on_conflict_do_nothing()
            await session.execute(link)
    assert told(await changes(), "name", "tags") == [
        ("add", "blog.tag", str(keys["y"]), {}, {"name": "y"}),
        ("change", "blog.post", "1", {}, {"tags": keys["x"]}),
    ]


async def test_an_upsert_records_inserted_rows_as_added_and_updated_rows_as_changed(database, changes):
    async with database.unit_of_work() as session:
        session.add(Group(name="Editors"))
    await changes()
    async with database.unit_of_work() as session:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        new = dialect.insert(Group)
        upsert = new.on_conflict_do_update(index_elements=[Group.id], set_={"name": new.excluded.name})
        await session.execute(upsert, [{"id": 1, "name": "Writers"}, {"id": 7, "name": "Readers"}])
        await session.execute(upsert, [{"id": 7, "name": "Readers"}])
    assert told(await changes(), "name") == [
        ("change", "auth.group", "1", {"name": "Editors"}, {"name": "Writers"}),
        ("add", "auth.group", "7", {}, {"name": "Readers"}),
    ]


async def test_attaching_and_detaching_a_tag_by_the_api_is_a_change_of_the_post(ada_client, changes):
    made = (await ada_client.post("/api/posts", json=NEW)).json()
    await changes()
    for _ in range(2):  # the second time nothing happens
        tag = (await ada_client.post(f"/api/posts/{made['id']}/tags", json={"name": "x"})).json()
    assert (await ada_client.delete(f"/api/posts/{made['id']}/tags/{tag['id']}")).status_code == 204
    assert told(await changes(), "name", "tags") == [
        ("add", "blog.tag", str(tag["id"]), {}, {"name": "x"}),
        ("change", "blog.post", str(made["id"]), {}, {"tags": tag["id"]}),
        ("change", "blog.post", str(made["id"]), {"tags": tag["id"]}, {}),
    ]


async def test_an_insert_that_does_not_return_its_key_is_refused_with_what_to_do(database):
    async with database.unit_of_work() as session:
        with pytest.raises(DovetailError, match=r"blog_tag does not return id.*returning"):
            await session.execute(insert(Tag).returning(Tag.name), [{"name": "x"}])


async def _lines(session) -> Sequence[RecordedChange]:
    return (await session.scalars(select(RecordedChange).order_by(RecordedChange.id))).all()


@pytest.fixture(params=[None, (17, 0)], ids=["this one", "one that does not tell old rows"])
def some_postgresql(request, database, ada_client):
    """Let a PostgreSQL be taken for one of this version; the first connection has asked for its own by now."""
    del ada_client
    if request.param is not None:
        database.engine.dialect.server_version_info = request.param


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.usefixtures("some_postgresql")
async def test_a_patch_and_its_record_are_one_statement(ada_client, changes, count_statements):
    made = (await ada_client.post("/api/posts", json=NEW)).json()
    path = f"/api/posts/{made['id']}"
    await ada_client.patch(path, json={"title": "Compiled"})
    await changes()
    with count_statements() as seen:
        tagged = await ada_client.patch(
            path, json={"title": "B"}, headers={"If-Match": (await ada_client.get(path)).headers["ETag"]}
        )
    assert tagged.status_code == 200
    assert [(row.before, row.after) for row in await changes()] == [({"title": "Compiled"}, {"title": "B"})]
    assert len(seen) == 2 + 1  # who asks, and the row; which the PATCH asks at once, as it came before


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.usefixtures("some_postgresql")
async def test_a_patch_that_waits_for_a_lock_records_the_committed_values(ada_client, database, changes):
    path = f"/api/posts/{(await ada_client.post('/api/posts', json=NEW)).json()['id']}"
    await changes()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks, database.unit_of_work() as early:
        await early.execute(update(Post).values(title="Z", view_count=7))
        late = tasks.create_task(ada_client.patch(path, json={"title": "B"}))
        await asyncio.sleep(0.3)
    assert (late.result().status_code, late.result().json()["view_count"]) == (200, 7)
    assert [(row.before, row.after) for row in await changes()] == [
        ({"title": "A post", "view_count": 0}, {"title": "Z", "view_count": 7}),
        ({"title": "Z"}, {"title": "B"}),
    ]


async def test_a_failed_upsert_does_not_affect_the_recording_of_the_next_insert(database, changes):
    async with database.unit_of_work() as session:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        new = dialect.insert(Group)
        upsert = new.on_conflict_do_update(index_elements=[Group.id], set_={"name": new.excluded.name})
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await session.execute(upsert, [{"id": 1, "name": "Editors"}, {"id": 2, "name": "Editors"}])
        await session.execute(insert(Tag), [{"id": 1, "name": "x"}])
    assert told(await changes()) == [("add", "blog.tag", "1", {}, {"id": 1, "name": "x"})]


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("name", ["y", "x"])
async def test_a_statement_that_waits_for_a_lock_records_the_committed_values(database, changes, name):
    async with database.unit_of_work() as session:
        session.add(Tag(id=1, name="x"))
    await changes()

    async def rename() -> None:
        async with database.unit_of_work() as late:
            await late.execute(update(Tag).where(Tag.id == 1).values(name=name))

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks, database.unit_of_work() as early:
        await early.execute(update(Tag).where(Tag.id == 1).values(name="z"))
        tasks.create_task(rename())
        await asyncio.sleep(0.3)
    assert [(row.before, row.after) for row in await changes()] == [
        ({"name": "x"}, {"name": "z"}),
        ({"name": "z"}, {"name": name}),
    ]
