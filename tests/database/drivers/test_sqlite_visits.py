"""A statement on SQLite takes one visit to the thread of its connection: these fail if SQLAlchemy's adapter changes."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, exc, insert, select, text

WORD = Table("probe_word", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text, nullable=False))
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
async def connection(probe_database):
    async with probe_database.engine.begin() as connection:
        await connection.run_sync(WORD.create)
        yield connection


@pytest.fixture
async def visits(connection, monkeypatch):
    """Each function that the thread of the connection is handed."""
    driver = (await connection.get_raw_connection()).driver_connection
    handed, original = [], driver._execute

    async def _execute(work, *arguments):
        handed.append(work)
        return await original(work, *arguments)

    monkeypatch.setattr(driver, "_execute", _execute)
    return handed


async def test_a_statement_with_its_rows_takes_one_visit(connection, visits):
    made = await connection.execute(text("INSERT INTO probe_word (name) VALUES ('tea'), ('cup') RETURNING name"))
    assert made.scalars().all() == ["tea", "cup"]
    assert len(visits) == 1
    found = await connection.execute(select(WORD).order_by(WORD.c.id))
    assert (list(found.keys()), found.all()) == (["id", "name"], [(1, "tea"), (2, "cup")])
    assert len(visits) == 2


async def test_rows_that_were_written_are_counted_and_the_last_key_is_known(connection, visits):
    made = await connection.execute(text("INSERT INTO probe_word (name) VALUES ('tea')"))
    assert (made.lastrowid, made.rowcount, made.returns_rows) == (1, 1, False)
    assert (await connection.execute(insert(WORD), [{"name": "cup"}, {"name": "pot"}])).rowcount == 2
    assert (await connection.execute(WORD.update().values(name="all"))).rowcount == 3
    assert len(visits) == 3


async def test_what_a_statement_refuses_comes_as_an_error_of_sqlalchemy_and_the_connection_goes_on(connection):
    with pytest.raises(exc.OperationalError, match="no such table"):
        await connection.execute(text("SELECT * FROM no_such_table"))
    with pytest.raises(exc.IntegrityError):
        await connection.execute(text("INSERT INTO probe_word (name) VALUES (:name)"), [{"name": "a"}, {"name": None}])
    assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_stream_is_read_piece_by_piece(connection, visits):
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"  # for ever
    async with connection.stream(text(numbers)) as result:
        assert [row.x for row in await result.fetchmany(3)] == [1, 2, 3]
    assert len(visits) > 2


async def test_a_connection_that_was_closed_is_told_as_lost(probe_database):
    async with probe_database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.close()
        with pytest.raises(exc.OperationalError, match="no active connection") as raised:
            await connection.execute(text("SELECT 1"))
    assert raised.value.connection_invalidated
