"""What the driver says comes as it would come through SQLAlchemy, and nothing is a 500."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import BigInteger, Integer, String, bindparam, insert, literal_column, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from dovetail.database.error_translation import client_error
from dovetail.errors import ConflictError, InvalidInputError, UnavailableError
from dovetail.resources.sql.statements import Statement
from tests.library.models import Book, Genre, Review

ONE_GENRE = Statement(
    lambda _: insert(Genre).values(name=bindparam("name", type_=String()), is_hidden=False).returning(Genre.id),
    writes=True,
)
BY_PAGES = Statement(lambda _: select(Book.id).where(Book.pages == bindparam("pages", type_=BigInteger())))
BY_STARS = Statement(lambda _: select(Review.id).where(Review.stars == bindparam("stars", type_=Integer())))


async def failure(database, statement, **values):
    with pytest.raises(DBAPIError) as caught:
        async with database.unit_of_work() as session:
            await statement.fetch(session, **values)
    return caught.value


async def test_a_value_that_is_taken_is_a_conflict(database):
    async with database.unit_of_work() as session:
        await ONE_GENRE.fetch(session, name="x")
    error = await failure(database, ONE_GENRE, name="x")
    assert isinstance(error, IntegrityError)
    assert isinstance(client_error(error), ConflictError)
    assert "x'" not in str(error)  # no values


async def test_a_value_that_is_missing_is_said_to_be(database):
    error = client_error(await failure(database, ONE_GENRE, name=None))
    assert isinstance(error, ConflictError)
    assert error.detail == "A value is missing that has to be there."


async def test_a_reference_to_nothing_is_a_conflict(database, database_kind):
    token = "'00000000-0000-0000-0000-000000000000'" if database_kind == "postgresql" else "'0'"
    statement = Statement(
        lambda _: (
            insert(Review)
            .values(text="x", stars=1, book_id=bindparam("book", type_=BigInteger()), token=literal_column(token))
            .returning(Review.id)
        ),
        writes=True,
    )
    error = await failure(database, statement, book=999)
    assert isinstance(client_error(error), ConflictError)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**70])
async def test_a_number_that_has_no_place_is_bad_input(database, number):
    error = await failure(database, BY_PAGES, pages=number)
    assert isinstance(error, DataError | DBAPIError)
    assert isinstance(client_error(error), InvalidInputError)


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite stores any integer of 64 bits
async def test_a_number_too_large_for_its_column_is_bad_input(database):
    assert isinstance(client_error(await failure(database, BY_STARS, stars=2**40)), InvalidInputError)


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite has no such limit
async def test_a_statement_that_the_server_ends_is_a_database_that_is_busy(database):
    sleep = Statement(lambda _: text("SELECT pg_sleep(30)"))

    async def read():
        async with database.unit_of_work() as session:
            await session.execute(text("SET LOCAL statement_timeout = '50ms'"))
            await sleep.fetch(session)

    with pytest.raises(DBAPIError) as caught:
        await read()
    assert isinstance(client_error(caught.value), UnavailableError)
    async with database.unit_of_work() as session:  # the connection is none the worse
        assert await BY_PAGES.fetch(session, pages=1) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])  # SQLite has no connection to lose
async def test_a_connection_that_is_killed_while_it_reads_is_a_database_that_is_away_and_is_replaced(database):
    sleep = Statement(lambda _: text("SELECT pg_sleep(300) -- killed"))

    async def read():
        async with database.unit_of_work() as session:
            await sleep.fetch(session)

    reading = asyncio.create_task(read())
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%-- killed' AND state = 'active' "
        "AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    killed: list[bool] = []
    while not killed and not reading.done():
        async with database.outside_the_pool() as session:
            killed = list(await session.scalars(kill))
    with pytest.raises(DBAPIError) as caught:
        await reading
    assert caught.value.connection_invalidated
    assert isinstance(client_error(caught.value), UnavailableError)
    async with database.unit_of_work() as session:
        assert await BY_PAGES.fetch(session, pages=1) == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_killing_connections_under_load_is_never_a_500_and_writes_nothing_twice(client, author, database):
    statuses: list[int] = []
    titles: list[str] = []

    async def one_client(number):
        for turn in range(15):
            title = f"{number}/{turn}"
            answer = await client.post("/api/novels", json={"title": title, "author_id": author.id, "genres": [title]})
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                titles.append(title)
            statuses.append((await client.get("/api/novels?limit=1")).status_code)

    async def killer():
        kill = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND random() < 0.5"
        )
        while True:
            with suppress(DBAPIError):
                async with database.outside_the_pool() as session:
                    await session.execute(kill)
            await asyncio.sleep(0.02)

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(one_client(number) for number in range(6)))
    killing.cancel()
    with suppress(asyncio.CancelledError):
        await killing
    assert set(statuses) <= {200, 201, 503}
    async with database.unit_of_work() as session:
        stored = (await session.scalars(select(Book.title))).all()
    assert len(stored) == len(set(stored))
    assert set(titles) <= set(stored)
