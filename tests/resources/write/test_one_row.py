"""One row that is locked, updated and deleted by compiled statements, past the session and in its transaction."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import ForeignKey, event, select, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from dovetail.api.schemas import Schema
from dovetail.database.fast_unit_of_work import driver_to_read, driver_to_write
from dovetail.database.lazy_loading import LazyLoadError
from dovetail.database.unit_of_work import lookup_session
from dovetail.resources.query.search import Search
from dovetail.resources.read.reader import Reader
from dovetail.resources.visibility import EVERYTHING, Visibility
from dovetail.resources.write.one_row import OneRow, RowChange
from tests.library.models import Book
from tests.resources.test_database_restart import cut_connections

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


class Base(DeclarativeBase):
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    notes: Mapped[str] = mapped_column(default="", deferred=True)
    edits: Mapped[str] = mapped_column(default="never", onupdate="once more")
    stamp: Mapped[str] = mapped_column(default="", onupdate=lambda: "stamped")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))
    owner: Mapped[Owner | None] = relationship()


class Counted(Base):
    __tablename__ = "counted"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    twice: Mapped[str] = mapped_column(
        default="", onupdate=lambda context: context.get_current_parameters()["name"] * 2
    )


class Eager(Base):
    __tablename__ = "eager"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))
    owner: Mapped[Owner | None] = relationship(lazy="joined")


class ThingRead(Schema):
    id: int
    name: str
    edits: str
    stamp: str


class CountedRead(Schema):
    id: int
    name: str
    twice: str


def seen(condition=true()):  # noqa: B008 - it never changes
    return Visibility(condition, {}, frozenset(), {})


def one_row(model, schema):
    return OneRow(model, "id", Reader(model, schema, Search(), ["id"]))


@pytest.fixture
async def tables(database):
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.unit_of_work() as session:
        session.add(Owner(id=1))
        await session.flush()
        session.add_all([Thing(id=1, name="one", owner_id=1), Counted(id=1, name="one"), Eager(id=1)])


@pytest.fixture(params=["unit_of_work", "fast_unit_of_work"])
def work(request, database, tables):
    return getattr(database, request.param)


async def lock(session, model=Thing, schema=ThingRead):
    return (await one_row(model, schema).find_lock(session, 1, seen()).take(session, 1)).item


async def test_a_locked_row_is_an_object_that_knows_what_was_not_loaded(work):
    async with work() as session:
        thing = await lock(session)
        assert (type(thing), thing.id, thing.name, thing in session) == (Thing, 1, "one", True)
        with pytest.raises(LazyLoadError, match=r"Thing.owner was read but not loaded"):
            _ = thing.owner
        assert "notes" not in thing.__dict__


async def test_a_row_that_is_not_there_is_none(work):
    async with work() as session:
        found = one_row(Thing, ThingRead).find_lock(session, 2, seen())
        assert await found.take(session, 2) is None
        hidden = one_row(Thing, ThingRead).find_lock(session, 1, seen(Thing.name == "two"))
        assert await hidden.take(session, 1) is None


async def test_what_the_session_holds_back_is_written_before_a_row_is_locked(work):
    async with work() as session:
        session.add(second := Thing(id=2, name="two"))
        found = one_row(Thing, ThingRead).find_lock(session, 2, seen(Thing.name == "two"))
        assert (await found.take(session, 2)).item is second


async def test_the_orm_reads_what_it_loads_with_more_than_the_row_and_what_the_session_has(work):
    async with work() as session:
        assert one_row(Eager, ThingRead.__base__).find_lock(session, 1, seen()) is None
        known = await session.get_one(Thing, 1)
        assert one_row(Thing, ThingRead).find_lock(session, known.id, seen()) is None
        assert one_row(Thing, ThingRead).find_lock(session, 2, seen()) is not None


async def test_the_orm_reads_where_somebody_wants_to_see_what_is_loaded(work):
    listener = lambda *_: None  # noqa: E731 - it is removed again
    row = one_row(Thing, ThingRead)
    async with work() as session:
        event.listen(Thing, "load", listener)
        try:
            assert row.find_lock(session, 1, seen()) is None
        finally:
            event.remove(Thing, "load", listener)
        assert row.find_lock(session, 1, seen()) is not None


async def test_an_update_sets_what_python_makes_at_every_write_and_answers_it(work):
    row = one_row(Thing, ThingRead)
    async with work() as session:
        thing = await lock(session)
        assert row.can_update(session, EVERYTHING)
        batch = await row.update(session, RowChange(thing, {"name": "two"}), EVERYTHING, is_touched=False)
        assert batch.items == [{"id": 1, "name": "two", "edits": "once more", "stamp": "stamped"}]
        same = await row.update(session, RowChange(thing, {"name": "one"}), EVERYTHING, is_touched=False)
        assert same is None  # the object is as the row was when it was locked
    async with work() as session:
        assert (await session.get_one(Thing, 1)).name == "two"


async def test_a_default_that_looks_at_the_statement_is_sqlalchemy_s_affair(work):
    async with work() as session:
        assert not one_row(Counted, CountedRead).can_update(session, EVERYTHING)


async def test_a_deleted_row_is_gone_for_the_session_too(work):
    row = one_row(Thing, ThingRead)
    async with work() as session:
        thing = await lock(session)
        assert row.can_delete(session)
        await row.delete(session, thing)
        assert await session.scalar(select(Thing.id)) is None


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("driver_first", [False, True])
async def test_driver_and_session_work_in_one_transaction(work, database, fails, driver_first):
    async def by_driver(session):
        await (await driver_to_write(session)).fetch("INSERT INTO owner (id) VALUES (7)", ())

    async def by_session(session):
        session.add(Owner(id=8))
        await session.flush()

    with suppress(ZeroDivisionError):
        async with work() as session:
            for do in (by_driver, by_session) if driver_first else (by_session, by_driver):
                await do(session)
            assert set(await session.scalars(select(Owner.id))) == {1, 7, 8}
            found = await (await driver_to_read(session)).fetch("SELECT id FROM owner ORDER BY id", ())
            assert [row[0] for row in found] == [1, 7, 8]
            _ = 1 / (0 if fails else 1)
    assert database.engine.pool.checkedout() == 0
    async with database.unit_of_work(read_only=True) as session:
        assert set(await session.scalars(select(Owner.id))) == ({1} if fails else {1, 7, 8})


async def test_what_a_session_only_holds_is_flushed_by_the_commit(work, database):
    async with work() as session:
        await driver_to_read(session)
        session.add(Owner(id=8))
    async with database.unit_of_work(read_only=True) as session:
        assert await session.get(Owner, 8) is not None


async def test_a_lookup_within_a_fast_unit_of_work_takes_no_second_connection(database, tables):
    async with database.fast_unit_of_work() as session:
        async with lookup_session(session) as lookup:
            assert await lookup.scalar(select(Thing.name)) == "one"
            assert database.engine.pool.checkedout() == 1
        await lock(session)
    assert database.engine.pool.checkedout() == 0


@on_postgresql
async def test_a_fast_unit_of_work_that_is_cancelled_stores_nothing_and_gives_its_connection_back(database, tables):
    asked = asyncio.Event()

    async def write():
        async with database.fast_unit_of_work() as session:
            driver = await driver_to_write(session)
            await driver.fetch("INSERT INTO owner (id) VALUES (7)", ())
            asked.set()
            await driver.fetch("SELECT pg_sleep(60)", ())

    writing = asyncio.create_task(write())
    await asked.wait()
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert database.engine.pool.checkedout() == 0
    async with database.fast_unit_of_work() as session:
        assert await (await driver_to_read(session)).fetch("SELECT id FROM owner WHERE id = 7", ()) == []


@on_postgresql
@pytest.mark.parametrize("said", ["UPDATE library_book", "DELETE FROM library_book"])
async def test_a_connection_that_is_lost_between_lock_and_write_leaves_the_row_and_is_no_conflict(
    client, make_book, database, library_url, said
):
    book = await make_book(title="Apples")
    path = f"/api/novels/{book.id}"

    def cut(_connection, _cursor, statement, *_):
        if said in statement:
            cut_connections(library_url)

    event.listen(database.engine.sync_engine, "before_cursor_execute", cut)
    try:
        lost = await (client.patch(path, json={"title": "Pears"}) if "UPDATE" in said else client.delete(path))
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", cut)
    assert (lost.status_code, "Retry-After" in lost.headers) == (503, True)
    assert database.engine.pool.checkedout() == 0
    async with database.unit_of_work(read_only=True) as session:
        assert await session.scalar(select(Book.title)) == "Apples"
    assert (await client.patch(path, json={"title": "Pears"})).status_code == 200
