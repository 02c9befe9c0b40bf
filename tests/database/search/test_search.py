"""Search by an index of words: the same words find the same rows on both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, Text, delete, func, insert, literal, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.engine.engine import create_engine
from dovetail.database.search.documents import Document
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


SEARCHES = [
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
]


async def test_every_word_begins_a_word_of_the_text(database, author):
    await write(database, author, *TITLES)
    for words, titles in SEARCHES:
        assert await found(database, words) == [TITLES[number] for number in titles], words


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
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


LETTERS = st.sampled_from("aB1.,-/<>&@: \n\t'e\u00e9\u2014\u00df_%\\")
TEXTS = st.text(LETTERS | st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)


@pytest.mark.parametrize("database_kind", ["postgresql"])
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(title=TEXTS, content=TEXTS)
async def test_words_that_are_kept_are_those_of_the_whole_text(database, title, content):
    texts = [literal(one, Text()) for one in (title, content)]
    whole = Document(("title", "content"), "simple").expression(texts)
    each = [Document((name,), "simple").expression([one]) for name, one in zip("tc", texts, strict=True)]
    async with database.unit_of_work() as session:
        assert await session.scalar(select(whole == each[0].op("||")(each[1])))


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_the_words_of_a_long_text_are_kept_and_those_of_a_short_one_told(database):
    statement = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_blog_post_search'"
    async with database.unit_of_work() as session:
        index = str(await session.scalar(text(statement)))
        kept = "SELECT attname FROM pg_attribute WHERE attrelid = CAST('blog_post' AS regclass) AND attgenerated = 's'"
        assert (await session.scalars(text(kept))).all() == ["content__simple_words"]
    assert index.endswith(" || content__simple_words)))")
    assert "COALESCE(title" in index
    assert "COALESCE(content" not in index


async def test_a_model_whose_tables_are_made_at_once_is_searched(make_settings, empty_database_url):
    class Home(DeclarativeBase):
        pass

    class Note(Home):
        __tablename__ = "notes_note"

        key: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column("Text", Text)
        above_key: Mapped[int | None] = mapped_column(ForeignKey("notes_note.key"))
        above: Mapped["Note | None"] = relationship(remote_side=[key])

    notes = FullText("text")
    notes.index(Note)
    engine = create_engine(make_settings(plugins=(), database_url=empty_database_url))
    async with engine.begin() as connection:
        await connection.run_sync(Home.metadata.create_all)
        rows = [{"key": 1, "Text": "old thing", "above_key": None}, {"key": 2, "Text": "new thing", "above_key": 1}]
        await connection.execute(insert(Note.__table__), rows)
        for condition, keys in (
            (notes.matches(Note, "thing"), [1, 2]),
            (notes.matches(Note, "new thi"), [2]),
            (Note.above.has(notes.matches(Note, "old")), [2]),
        ):
            assert (await connection.scalars(select(Note.key).where(condition).order_by(Note.key))).all() == keys
        await connection.run_sync(Home.metadata.drop_all)
    await engine.dispose()


def test_what_has_no_words_is_refused():
    with pytest.raises(ConfigurationError, match="'view_count': it is not a text"):
        FullText("view_count").document(Post)
    with pytest.raises(ConfigurationError, match="'titel': full text is searched in columns"):
        FullText("titel").index(Post)
    with pytest.raises(ConfigurationError, match="and the name of a text search configuration"):
        FullText("title", config="x'y")
    with pytest.raises(ConfigurationError, match="and the name of a text search configuration"):
        FullText()
