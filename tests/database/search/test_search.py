"""Search by an index of words: the same words find the same rows on both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update

from dovetail.contrib.auth.models import User
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError
from plugins.blog.models import POST_TEXT, Post
from plugins.comments.models import COMMENT_TEXT, Comment


@pytest.fixture
async def author(app, make_user):
    return await make_user(username="ada")


async def write(database, author, *titles, content="-"):
    async with database.unit_of_work() as session:
        posts = [Post(title=title, content=content, author_id=author.id) for title in titles]
        session.add_all(posts)
        await session.flush()
        return [post.id for post in posts]


async def found(database, words):
    """The titles, as a walk of the list finds them and as the index does."""
    async with database.unit_of_work() as session:
        condition = POST_TEXT.matches(Post, words)
        walked = await session.scalars(select(Post.title).where(condition).order_by(Post.id))
        keys = condition.keys(session.get_bind().dialect)
        gathered = await session.scalars(select(Post.title).where(Post.id.in_(keys)).order_by(Post.id))
        titles = walked.all()
        assert gathered.all() == titles
    return titles


TITLES = (
    "Hello, World",
    "hello@example.com wrote",
    "foo-bar and foo_baz",
    "It's 3.14 of v1.2",
    "Ünïcode straße ΑΒΓ",
    "naïve café",
    "\N{EM DASH}dash\N{EM DASH}ed\N{EM DASH}",
)


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("hello", [0, 1]),
        ("HELLO wor", [0]),
        ("world hello", [0]),  # in any order
        ("ello", []),  # the beginning of a word, not its middle
        ("example", [1]),
        ("com", [1]),
        ("example.com", [1]),
        ("bar", [2]),
        ("baz", [2]),
        ("foo-ba", [2]),
        ("3 14", [3]),
        ("v1", [3]),
        ("it's", [3]),
        ("straße", [4]),
        ("stra", [4]),
        ("strasse", []),
        ("cafe", []),  # an accent is part of a letter
        ("café", [5]),
        ("dash ed", [6]),
        ("", []),
        (" !?* ", []),
        ('"hello" OR "x', []),
        ("hello*", [0, 1]),
        ("title:hello", []),
        ("hello\0wor", [0]),
        ("hello \ud800", [0, 1]),
        ("hel" + " hel" * 100, [0, 1]),
    ],
)
async def test_every_word_begins_a_word_of_the_text(database, author, words, titles):
    await write(database, author, *TITLES)
    assert await found(database, words) == [TITLES[number] for number in titles]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(searched=st.text(max_size=30), more=st.text(max_size=250))
async def test_no_text_is_an_operator_or_an_error(database, author, searched, more):
    assert await found(database, searched) == []
    assert await found(database, f"hello {more}") == []


async def test_the_index_follows_every_change(database, author):
    one, two, three = await write(database, author, "first thing", "second thing", "third thing")
    async with database.unit_of_work() as session:
        await session.execute(update(Post).where(Post.id == one).values(title="changed matter"))
        (await session.get_one(Post, two)).content = "hidden words"
    assert await found(database, "thing") == ["second thing", "third thing"]
    assert await found(database, "matter") == ["changed matter"]
    assert await found(database, "hidden") == ["second thing"]
    async with database.unit_of_work() as session:
        session.add(Comment(post_id=three, author_id=author.id, content="gone with its post"))
        await session.flush()
        await session.execute(delete(Post).where(Post.id == three))
    assert await found(database, "thing") == ["second thing"]
    async with database.unit_of_work() as session:
        keys = COMMENT_TEXT.matches(Comment, "gone").keys(session.get_bind().dialect)
        assert (await session.scalars(keys)).all() == []
        await session.execute(delete(User))  # and with it all posts
    assert await found(database, "second") == []


async def test_what_was_rolled_back_is_not_found(database, author):
    async with database.unit_of_work() as session:
        session.add(Post(title="never was", content="-", author_id=author.id))
        await session.flush()
        await session.rollback()
    assert await found(database, "never") == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_fts5_holds_what_the_table_holds(database, author):
    await write(database, author, *TITLES)
    async with database.unit_of_work() as session:
        await session.execute(update(Post).values(title=func.upper(Post.title)))
        await session.execute(delete(Post).where(Post.id % 2 == 0))
        # https://www.sqlite.org/fts5.html#the_integrity_check_command raises an error for any difference
        check = "INSERT INTO ix_blog_post_search(ix_blog_post_search, rank) VALUES ('integrity-check', 1)"
        assert not (await session.execute(text(check))).returns_rows


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_postgresql_answers_from_the_index(database, author):
    await write(database, author, *TITLES)
    async with database.unit_of_work() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        keys = POST_TEXT.matches(Post, "hello").keys(session.get_bind().dialect)
        sql = str(keys.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        plan = (await session.execute(text("EXPLAIN " + sql.replace(":", r"\:")))).scalars().all()
    assert any("ix_blog_post_search" in line for line in plan)


def test_what_has_no_words_is_refused():
    with pytest.raises(ConfigurationError, match="'view_count': it is not a text"):
        FullText("view_count").document(Post)
    with pytest.raises(ConfigurationError, match="'titel': full text is searched in columns"):
        FullText("titel").index(Post)
    with pytest.raises(ConfigurationError, match="and the name of a text search configuration"):
        FullText("title", config="x'y")
    with pytest.raises(ConfigurationError, match="and the name of a text search configuration"):
        FullText()
