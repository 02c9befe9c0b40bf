"""What an action costs: a few statements, however many rows it changes."""

import pytest
from sqlalchemy import MetaData, func, inspect, select
from sqlalchemy.orm import Mapped, MappedAsDataclass, load_only, mapped_column

from dovetail.contrib.admin.writing.updating import update_objects, write_together
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.database.models import Base
from plugins.blog.models import Post, Tag


class CostsBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Reading(MappedAsDataclass, CostsBase, kw_only=True):
    """Has a key of two parts, compares by its values, so it has no hash, and each UPDATE counts it."""

    __tablename__ = "costs_reading"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy takes a dict

    station: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    degrees: Mapped[int]
    note: Mapped[str | None] = mapped_column(default=None, onupdate=func.lower("CHECKED"))


@pytest.fixture
def make_posts(session, boss):
    """Make drafts of boss's; return their keys, as forms have them."""

    async def make(count: int) -> list[str]:
        posts = [Post(title=f"Post {n}", content="x", author_id=boss.id) for n in range(count)]
        session.add_all(posts)
        await session.commit()
        return [str(post.id) for post in posts]

    return make


async def test_an_action_on_12_rows_takes_as_many_statements_as_one_on_3(office, make_posts, count_statements):
    needed: list[int] = []
    await office.token()  # which asks for a page, once
    for count in (3, 12):
        keys = await make_posts(count)
        with count_statements() as statements:
            answer = await office.post("/blog/post/action/publish/", {"pks": keys, "confirmed": "yes"})
        assert answer.status_code == 303, answer.text
        needed.append(len(statements))
        assert sum(one.startswith(("UPDATE blog_post", "UPDATE OR FAIL blog_post")) for one in statements) == 1
    assert needed[0] == needed[1]


async def test_an_action_leaves_a_line_in_the_history_of_each_row_that_it_changed(office, session, make_posts):
    keys = await make_posts(3)
    await office.post("/blog/post/action/publish/", {"pks": keys[:1], "confirmed": "yes"})
    await office.post("/blog/post/action/publish/", {"pks": keys, "confirmed": "yes"})  # the first one is published
    changed = select(RecordedChange).where(RecordedChange.action == ChangeAction.CHANGE)
    lines = (await session.scalars(changed.order_by(RecordedChange.id))).all()
    assert [(line.object_key, line.before, line.after) for line in lines] == [
        (key, {"is_published": False}, {"is_published": True}) for key in keys
    ]


async def test_a_row_that_holds_the_value_already_is_not_touched(office, session, make_posts):
    keys = await make_posts(2)
    await office.post("/blog/post/action/publish/", {"pks": keys[:1], "confirmed": "yes"})
    before = (await session.scalars(select(Post.updated_at).order_by(Post.id))).all()
    await session.commit()
    await office.post("/blog/post/action/publish/", {"pks": keys, "confirmed": "yes"})
    after = (await session.scalars(select(Post.updated_at).order_by(Post.id))).all()
    assert [then == now for then, now in zip(before, after, strict=True)] == [True, False]


async def test_objects_that_were_written_together_hold_what_their_rows_hold(session, make_posts):
    await make_posts(2)
    posts = (await session.scalars(select(Post).order_by(Post.id))).all()
    before = [post.updated_at for post in posts]
    for post in posts:
        post.title, post.is_published = f"{post.title} again", True
    await write_together(session, Post, posts)
    assert not session.dirty
    assert [post.title for post in posts] == ["Post 0 again", "Post 1 again"]
    assert all(post.updated_at > then for post, then in zip(posts, before, strict=True))
    assert not any({"content", "updated_at", "author_id"} & inspect(post).unloaded for post in posts)


async def test_relations_that_were_loaded_stay_loaded(session, boss, make_posts):
    await make_posts(2)
    posts = (await session.scalars(select(Post).order_by(Post.id))).all()
    for post in posts:
        await session.refresh(post, ["author", "tags"])
        post.is_published = True
    await update_objects(session, Post, posts)
    assert [(post.author.username, post.tags) for post in posts] == [(boss.username, [])] * 2


async def test_lists_that_were_set_are_written_by_the_orm(session, make_posts):
    await make_posts(2)
    posts = (await session.scalars(select(Post).order_by(Post.id))).all()
    tag = Tag(name="new")
    for post in posts:
        await session.refresh(post, ["tags"])
        post.tags, post.title = [tag], "Tagged"
    await update_objects(session, Post, posts)
    await session.commit()
    found = await session.execute(select(Post.title, Tag.name).join(Post.tags))
    assert [tuple(row) for row in found] == [("Tagged", "new")] * 2


async def test_rows_with_keys_of_two_parts_and_without_a_hash_are_whole_after_an_action(session, count_statements):
    await (await session.connection()).run_sync(CostsBase.metadata.create_all)
    session.add_all([Reading(station=station, hour=hour, degrees=0) for station in "ab" for hour in (1, 2)])
    await session.commit()
    readings = (await session.scalars(select(Reading))).all()
    for reading in readings:
        reading.degrees = 5
    with count_statements() as statements:
        await write_together(session, Reading, readings)
    assert sum(one.startswith("SELECT") for one in statements) == 1
    assert [(one.degrees, one.note) for one in readings] == [(5, "checked")] * 4


async def test_rows_that_were_given_sql_in_place_of_a_value_hold_what_it_makes(session, make_posts):
    await make_posts(2)
    posts = (await session.scalars(select(Post).order_by(Post.id))).all()
    for post in posts:
        post.view_count = Post.view_count + 5
    await update_objects(session, Post, posts)
    found = await session.scalars(select(Post.view_count))
    assert [*found] == [5, 5]


async def test_the_key_of_a_relation_that_was_set_is_there_afterwards(session, boss, make_posts, make_user):
    await make_posts(2)
    other = await make_user(username="other")
    posts = (await session.scalars(select(Post).options(load_only(Post.title)).order_by(Post.id))).all()
    for post in posts:
        post.author = other
    await update_objects(session, Post, posts)
    assert [(post.author_id, post.author) for post in posts] == [(other.id, other)] * 2
