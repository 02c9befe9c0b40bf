"""Who reads rows while others wait sees what they may see, whoever sends the statement."""

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, String, Table, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.resources.read.reads_together import read_together
from dovetail.resources.sql.statements import prepare
from tests.database.pool.crowds import answers_of, crowd, get_each, seen


@pytest.fixture
def library_settings(make_settings, library_url):
    settings = {"database_pool_size": 1, "database_pool_timeout": 30}
    return make_settings(plugins=("tests.library",), database_url=library_url, **settings)


@pytest.fixture
def viewers(client, owner, stranger, staff):
    """The clients of viewers, each of whom may see other rows or fields."""
    return client, owner, stranger, staff


@pytest.fixture
async def paths(shelf, make_book):
    """The addresses of books, the last two of which one viewer each may see, and the staff."""
    private = [await make_book(title=f"of {number}", owner_id=number, is_public=False) for number in (1, 2)]
    return [f"/api/books/{book.id}" for book in (*shelf, *private)]


async def test_each_viewer_sees_their_own_rows_and_fields_whoever_reads_them(
    viewers, paths, database, count_statements, database_kind
):
    alone = {viewer: await get_each(viewer, paths) for viewer in viewers}
    with count_statements() as statements:
        async with crowd(database, *((viewer, path) for path in paths for viewer in viewers)) as tasks:
            pass
        together = iter(await answers_of(tasks))
    for number in range(len(paths)):
        for viewer in viewers:
            found, expected = next(together), alone[viewer][number]
            if expected.is_success:
                assert seen(found) == seen(expected)
            else:
                assert found.status_code == expected.status_code
    assert len({tuple(one.status_code for one in answers) for answers in alone.values()}) == len(viewers)
    kinds = 3  # the owner and the stranger differ in their ids only
    assert len(statements) == (kinds if database_kind == "postgresql" else len(tasks))


ITEM = Table(
    "item", MetaData(), Column("id", Integer), Column("name", String(3)), Column("kind", Enum("a", "b", name="k"))
)


def by_id(*more, dialect=None):
    statement = select(ITEM.c.name).where(ITEM.c.id == bindparam("id", type_=Integer), *more)
    dialect = dialect or postgresql.asyncpg.dialect()
    return read_together(prepare(statement, dialect), dialect)


def test_what_looks_like_a_placeholder_in_a_text_is_left_as_it_is():
    several = by_id(text("name <> '$1''$1' AND \"$1\" = 2")).several
    assert several.count("asked.value_1") == 1
    assert """name <> '$1''$1' AND "$1" = 2""" in several


@pytest.mark.parametrize(
    "unclear", [r"name = E'\' $1'", "name = $$ $1 $$", "id > 0 -- $1", "id > 0 /* $1 */", "a$1 = 1"]
)
def test_a_statement_that_might_hide_a_placeholder_is_sent_alone(unclear):
    assert by_id() is not None
    assert by_id(text(unclear)) is None


def test_a_statement_whose_values_have_no_list_is_sent_alone():
    assert by_id(ITEM.c.kind == bindparam("kind", type_=ITEM.c.kind.type)) is None
    assert by_id(dialect=sqlite.aiosqlite.dialect()) is None
