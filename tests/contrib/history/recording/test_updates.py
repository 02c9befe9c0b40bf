"""The line of an UPDATE that looks at other tables, or sets values of types of which the driver tells nothing."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Enum,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    column,
    event,
    func,
    insert,
    select,
    update,
    values,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased
from sqlalchemy.types import UserDefinedType

from dovetail.contrib.history.recording.lines import Lines
from dovetail.contrib.history.recording.watching import Watcher
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.history.recording.test_lines import OneTable


class JsonPath(UserDefinedType[str]):
    """A type of a plugin, of which PostgreSQL can compare no two values."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "JSONPATH"


class Printed(UserDefinedType[str]):
    """Another one, which SQLite takes for numbers: its name has INT in it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "PRINTED"


uncommon = Table(
    "history_uncommon",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("address", String(39).with_variant(postgresql.INET(), "postgresql")),
    Column("names", JSON().with_variant(postgresql.ARRAY(String(20)), "postgresql")),
    Column("document", JSON().with_variant(postgresql.JSONB(), "postgresql")),
    Column("kind", Enum("new", "old", native_enum=False)),
    Column("price", Numeric(10, 2)),
    Column("place", JsonPath().with_variant(Printed(), "sqlite")),
)
BEFORE = {
    "address": "10.0.0.1",
    "names": ["a"],
    "document": {"a": 1},
    "kind": "new",
    "price": 1,
    "place": '$."a"',
}
AFTER = {
    "address": "10.0.0.2",
    "names": ["a", "b"],
    "document": {"a": None},
    "kind": "old",
    "price": 2,
    "place": '$."b"',
}


@pytest.fixture
async def posts(make_user, database, changes) -> list[int]:
    """Posts One, Two and Three, of which the first and the last have a comment."""
    ada = await make_user(username="ada")
    async with database.unit_of_work() as session:
        made = [Post(title=one, content="Text.", author_id=ada.id) for one in ("One", "Two", "Three")]
        session.add_all(made)
        await session.flush()
        said = zip((made[0], made[2]), ("First said", "Third said"), strict=True)
        session.add_all([Comment(post_id=one.id, author_id=ada.id, content=text) for one, text in said])
    await changes()
    return [one.id for one in made]


async def titles_told(database, changes, statement) -> dict[str, str]:
    """Execute an UPDATE of titles, and return what its lines say; compare it with what the rows hold then."""
    async with database.unit_of_work() as session:
        await (await session.connection()).execute(statement)
    lines = await changes("blog.post")
    told = {line.object_key: line.after["title"] for line in lines}
    assert len(lines) == len(told), "a row has several lines"
    async with database.unit_of_work(read_only=True) as session:
        held = dict((await session.execute(select(Post.id, Post.title))).all())
    assert told == {key: held[int(key)] for key in told}
    assert all(line.before["title"] in {"One", "Two", "Three"} for line in lines)
    return told


async def test_a_value_from_another_table_is_recorded_for_the_row_that_is_updated(database, changes, posts):
    first, _, third = map(str, posts)
    said = update(Post).values(title=Comment.content).where(Comment.post_id == Post.id)
    assert await titles_told(database, changes, said) == {first: "First said", third: "Third said"}


async def test_a_value_from_another_row_of_the_same_table_is_recorded_once(database, changes, posts):
    other = aliased(Post)
    copied = update(Post).values(title=other.content).where(other.id == Post.id, other.title == "One")
    assert await titles_told(database, changes, copied) == {str(posts[0]): "Text."}


async def test_a_value_from_a_correlated_subquery_is_recorded_for_its_row(database, changes, posts):
    first, _, third = map(str, posts)
    said = select(func.max(Comment.content)).where(Comment.post_id == Post.id).scalar_subquery()
    found = update(Post).values(title=said).where(Post.id.in_(select(Comment.post_id)))
    assert await titles_told(database, changes, found) == {first: "First said", third: "Third said"}


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite names no columns of VALUES
async def test_values_from_a_values_clause_are_recorded_for_their_rows(database, changes, posts):
    first, second, _ = map(str, posts)
    rows = [(posts[0], "A"), (posts[1], "B")]
    given = values(column("id", Integer), column("title", String), name="given").data(rows)
    named = update(Post).values(title=given.c.title).where(given.c.id == Post.id)
    assert await titles_told(database, changes, named) == {first: "A", second: "B"}
    twice = values(column("id", Integer), name="given").data([(posts[2],), (posts[2],)])
    same = update(Post).values(title="C").where(twice.c.id == Post.id)
    assert await titles_told(database, changes, same) == {str(posts[2]): "C"}


@pytest.fixture
async def connection(database) -> AsyncIterator[object]:
    """A connection on which the changes of `uncommon` are written down."""
    engine, watcher = database.engine.sync_engine, Watcher(Lines(OneTable(uncommon)))
    event.listen(engine, "before_execute", watcher.before, retval=True)
    event.listen(engine, "after_execute", watcher.after)
    try:
        async with database.engine.begin() as made:
            await made.run_sync(uncommon.create)
            yield made
    finally:
        event.remove(engine, "before_execute", watcher.before)
        event.remove(engine, "after_execute", watcher.after)


async def test_values_of_uncommon_types_are_recorded_as_they_are_stored(connection, changes):
    await connection.execute(insert(uncommon), {"id": 1, **BEFORE})
    await connection.execute(update(uncommon).values(AFTER))
    await connection.execute(update(uncommon), AFTER)  # which changes nothing
    await connection.execute(update(uncommon), BEFORE)
    nothing = dict.fromkeys(name for name in BEFORE if name != "document")
    await connection.execute(update(uncommon).values(nothing))
    await connection.commit()
    told = [(line.before, line.after) for line in await changes("shop.row")]
    rest = {name: value for name, value in BEFORE.items() if name in nothing}
    assert told == [({}, {"id": 1, **BEFORE}), (BEFORE, AFTER), (AFTER, BEFORE), (rest, nothing)]


async def test_an_update_of_a_table_with_attributes_of_its_model_in_the_condition_is_recorded(database, changes, posts):
    raised = update(Post.__table__).where(Post.id == posts[0]).values(title=Post.content + "!")
    assert await titles_told(database, changes, raised) == {str(posts[0]): "Text.!"}
