"""Search indexes through the life of a table: made, kept, moved, compared and dropped by migrations."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, MetaData, String, Table, Text, inspect, literal_column, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import Index

import dovetail.migrations.bridge.postgresql.impl
import dovetail.migrations.bridge.sqlite.impl  # noqa: F401 - both register themselves with Alembic
from dovetail.database.engine.engine import create_engine
from dovetail.database.search.documents import Document
from dovetail.database.search.search import FullText
from dovetail.migrations.differences.plugins import PLUGINS


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    Body: Mapped[str | None] = mapped_column("Body", Text)


NOTES = FullText("title", "Body")
NOTES.index(Note)


@pytest.fixture
async def on_database(make_settings, empty_database_url):
    """Run a function with the operations of a migration and their connection."""
    engine = create_engine(make_settings(plugins=(), database_url=empty_database_url))

    def run(connection, use):
        options = {
            "autogenerate_plugins": PLUGINS,
            "transaction_per_migration": True,
            "target_metadata": Base.metadata,
            "compare_type": False,
        }
        return use(Operations(MigrationContext.configure(connection, opts=options)), connection)

    async def on_database(use):
        async with engine.begin() as connection:
            return await connection.run_sync(run, use)

    yield on_database
    await engine.dispose()


def create(op, columns=("title", "Body"), stored=("Body",)):
    stand_in = Table("notes_note", MetaData(), *(Column(name) for name in columns))
    expression = Document(columns, "simple", stored=frozenset(stored)).expression(list(stand_in.c))
    written = str(Index("x", expression).expressions[0].compile(compile_kwargs={"include_table": False}))
    op.create_index("ix_notes_note_search", "notes_note", [literal_column(f"({written})")], postgresql_using="gin")


def create_table(op, columns=("title", "Body"), stored=("Body",)):
    op.create_table(
        "notes_note",
        Column("id", Note.__table__.c.id.type, primary_key=True),
        Column("title", String(50), nullable=False),
        Column("Body", Text),
    )
    op.execute("INSERT INTO notes_note (title, \"Body\") VALUES ('first', 'was there before')")
    create(op, columns, stored)


def differences(op, _connection):
    found = compare_metadata(op.get_context(), Base.metadata)
    return [(one[0], getattr(one[1], "name", None)) for one in found if one[0].endswith("_index")]


async def test_a_migration_makes_what_the_model_declares(on_database):
    await on_database(lambda op, _: create_table(op))
    assert await on_database(differences) == []


async def test_other_columns_are_a_change(on_database):
    await on_database(lambda op, _: create_table(op, ("title",)))
    name = "ix_notes_note_search"
    assert await on_database(differences) == [("remove_index", name), ("add_index", name)]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_an_index_of_an_earlier_version_that_costs_more_is_a_change(on_database):
    earlier = (
        "to_tsvector('simple'::regconfig, translate(coalesce(title, '') || ' ' || coalesce(\"Body\", ''), '-', ' '))"
    )

    def change(op, _connection):
        create_table(op)
        op.drop_index("ix_notes_note_search", "notes_note")
        op.create_index("ix_notes_note_search", "notes_note", [literal_column(earlier)], postgresql_using="gin")

    await on_database(change)
    name = "ix_notes_note_search"
    assert await on_database(differences) == [("remove_index", name), ("add_index", name)]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_an_index_of_texts_whose_words_are_stored_by_now_is_a_change(on_database):
    await on_database(lambda op, _: create_table(op, stored=()))
    name = "ix_notes_note_search"
    assert await on_database(differences) == [("remove_index", name), ("add_index", name)]


def words_of(connection, table="notes_note"):
    """The columns of the table that compute words, and the number of the rows that have `before` in one."""
    names = [one["name"] for one in inspect(connection).get_columns(table) if "computed" in one]
    return names, [
        connection.scalar(text(f"SELECT count(*) FROM {table} WHERE \"{name}\" @@ to_tsquery('simple', 'before')"))
        for name in names
    ]


def limit_of(connection):
    """From which size on PostgreSQL compresses the rows, or puts parts of them elsewhere; None for its own limit."""
    return connection.scalar(text("SELECT reloptions[1] FROM pg_class WHERE relname = 'notes_note'"))


def index_of(connection, table="notes_note"):
    statement = "SELECT indexdef FROM pg_indexes WHERE tablename = :name AND indexdef LIKE '%gin%'"
    return connection.scalar(text(statement), {"name": table})


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_the_words_of_a_long_text_are_stored_as_long_as_an_index_reads_them(on_database):
    def change(op, connection):
        create_table(op)
        assert words_of(connection) == (["Body__simple_words"], [1])
        assert limit_of(connection) == "toast_tuple_target=4080"
        op.create_index(
            "ix_notes_note_other", "notes_note", [literal_column('"Body__simple_words"')], postgresql_using="gin"
        )
        op.drop_index("ix_notes_note_search", "notes_note")
        assert words_of(connection) == (["Body__simple_words"], [1])
        op.drop_index("ix_notes_note_other", "notes_note", postgresql_using="gin")
        assert words_of(connection) == ([], [])
        assert limit_of(connection) is None

    await on_database(change)


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_stored_words_follow_their_text_to_another_name_and_type_and_go_with_it(on_database):
    def change(op, connection):
        create_table(op)
        op.alter_column("notes_note", "Body", new_column_name="text")
        assert words_of(connection) == (["text__simple_words"], [1])
        op.alter_column("notes_note", "text", existing_type=Text(), type_=String(4000))
        assert words_of(connection) == (["text__simple_words"], [1])
        assert "text__simple_words" in index_of(connection)
        op.alter_column("notes_note", "text", existing_type=String(4000), type_=Text(), new_column_name="Body")
        assert words_of(connection) == (["Body__simple_words"], [1])
        assert "Body__simple_words" in index_of(connection)
        op.drop_column("notes_note", "Body")
        assert (words_of(connection), index_of(connection)) == (([], []), None)

    await on_database(change)


async def test_what_is_missing_is_made(on_database):
    await on_database(lambda op, _: create_table(op))
    await on_database(lambda op, _: op.drop_index("ix_notes_note_search", "notes_note"))
    assert await on_database(differences) == [("add_index", "ix_notes_note_search")]


def matches(connection, words, table="ix_notes_note_search"):
    return connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {table} MATCH :words"), {"words": words})


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_table_that_is_made_anew_keeps_its_index_in_step(on_database):
    def change(op, connection):
        create_table(op)
        with op.batch_alter_table("notes_note", recreate="always") as batch:
            batch.add_column(Column("more", Text))
        op.execute("INSERT INTO notes_note (title) VALUES ('second')")
        op.execute("DELETE FROM notes_note WHERE title = 'first'")
        assert (matches(connection, "first"), matches(connection, "before"), matches(connection, "second")) == (0, 0, 1)

    await on_database(change)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_index_moves_with_its_table_and_goes_with_it(on_database):
    def change(op, connection):
        create_table(op)
        op.rename_table("notes_note", "notes_memo")
        op.execute("INSERT INTO notes_memo (title) VALUES ('second')")
        assert matches(connection, "second", "ix_notes_memo_search") == 1
        assert matches(connection, "before", "ix_notes_memo_search") == 1
        op.drop_table("notes_memo")
        assert connection.scalars(text("SELECT name FROM sqlite_master WHERE name LIKE '%search%'")).all() == []

    await on_database(change)
