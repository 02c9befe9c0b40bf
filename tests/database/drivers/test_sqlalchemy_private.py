"""Each private part of SQLAlchemy that is leaned on: these fail when one of them changes its meaning."""

import asyncio
import sqlite3
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import (
    create_engine,
    event,
    exc,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, Session, mapped_column
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import queue

from dovetail.database.drivers import sqlalchemy_private
from dovetail.database.pool.fair_pool import FairPool
from plugins.blog.models import Tag
from tests.probe.models import Item

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


class CountedQueue(queue.AsyncAdaptedQueue):
    """What the pool of a test keeps its connections in."""


class Pool(sqlalchemy_private.QueuePool):
    """Says which connections need no ping."""

    queue_class = CountedQueue
    trusted = True

    def needs_no_ping(self, record):
        return self.trusted


@pytest.fixture
async def engine(tmp_path):
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3",
        poolclass=Pool,
        pool_size=1,
        max_overflow=1,
        pool_recycle=60,
        pool_pre_ping=True,
    )
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE thing (name TEXT UNIQUE)"))
    yield engine
    await engine.dispose()


async def test_a_pool_keeps_its_idle_connections_in_the_class_that_it_names(engine):
    pool = engine.pool

    assert isinstance(pool.idle, CountedQueue)
    assert pool.idle.qsize() == 1
    assert (pool.max_overflow, pool.recycle, pool.pre_ping) == (1, 60, True)
    assert isinstance(pool.recreate().idle, CountedQueue)


async def test_a_pool_is_exhausted_when_its_overflow_is_taken_too(engine):
    assert not engine.pool.is_exhausted()
    async with engine.connect():
        assert not engine.pool.is_exhausted()  # there is the overflow
        async with engine.connect():
            assert engine.pool.is_exhausted()
        assert not engine.pool.is_exhausted()


async def test_a_connection_that_needs_no_ping_gets_none(engine):
    pings = []
    sqlalchemy_private.set_ping(engine.sync_engine, lambda connection: pings.append(connection) or True)

    async with engine.connect():
        pass
    assert pings == []
    engine.pool.trusted = False
    async with engine.connect():
        pass
    assert len(pings) == 1


async def test_a_connection_that_does_not_answer_its_ping_is_made_anew(engine):
    engine.pool.trusted = False
    async with engine.connect() as connection:
        first = (await connection.get_raw_connection()).driver_connection
    sqlalchemy_private.set_ping(engine.sync_engine, lambda _: False)

    async with engine.connect() as connection:
        assert (await connection.get_raw_connection()).driver_connection is not first


async def test_a_connection_is_usable_as_it_lies_unless_it_is_old_or_invalid_or_somebody_listens(engine):
    pool, before = engine.pool, time.monotonic()
    async with engine.connect():
        pass
    record = pool.idle.get_nowait()

    assert before <= record.info[sqlalchemy_private.RETURNED_AT] <= time.monotonic()
    assert pool.is_usable_as_it_lies(record)
    made, record.starttime = record.starttime, time.time() - 61
    assert not pool.is_usable_as_it_lies(record)
    record.starttime = made
    event.listen(pool, "checkin", listener := lambda *_: None)
    assert not pool.is_usable_as_it_lies(record)
    event.remove(pool, "checkin", listener)
    record.invalidate(soft=True)
    assert not pool.is_usable_as_it_lies(record)
    await pool.give_back(record)
    assert pool.checkedin() == 1


async def test_one_loss_makes_all_as_old_invalid_and_none_that_is_newer(engine):
    async with engine.connect() as connection:
        proxied = await connection.get_raw_connection()
        sqlalchemy_private.invalidate_older(engine.pool, proxied)
    record = engine.pool.idle.get_nowait()

    assert not engine.pool.is_usable_as_it_lies(record)
    record.starttime = time.time() + 1
    assert engine.pool.is_usable_as_it_lies(record)
    await engine.pool.give_back(record)


async def test_an_unused_connection_comes_back_without_a_rollback(engine):
    resets = []
    event.listen(engine.pool, "reset", lambda _one, _record, state: resets.append(state.transaction_was_reset))

    taken = await sqlalchemy_private.run_in_greenlet(engine.pool.connect)
    await engine.pool.give_back(taken)

    assert resets == [True]
    assert engine.pool.checkedout() == 0


async def test_a_function_that_blocks_can_wait_in_a_greenlet_and_only_there():
    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    def block() -> tuple[bool, int]:
        return sqlalchemy_private.may_block(), sqlalchemy_private.wait_in_greenlet(answer())

    assert await sqlalchemy_private.run_in_greenlet(block) == (True, 42)
    assert not sqlalchemy_private.may_block()


async def test_what_a_session_of_asyncio_runs_may_block(engine):
    async with AsyncSession(engine) as session:
        assert await session.run_sync(lambda _: sqlalchemy_private.may_block())


def test_what_listens_to_statements_can_be_called_with_a_connection_made_for_it(tmp_path):
    engine, heard = create_engine(f"sqlite:///{tmp_path}/x.sqlite3"), []
    event.listen(engine, "before_cursor_execute", lambda one, _, sql, *rest: heard.append((one, sql, rest)))
    proxied = engine.raw_connection()
    connection = sqlalchemy_private.connection_on(engine, proxied)

    for listener in sqlalchemy_private.statement_listeners(engine):
        listener(connection, None, "SELECT 1", (), None, False)

    assert heard == [(connection, "SELECT 1", ((), None, False))]
    assert connection.connection is proxied
    assert not connection.in_transaction()
    proxied.close()
    engine.dispose()


@on_postgresql
@pytest.mark.parametrize(("end", "kept"), [("commit_transaction", 1), ("rollback_transaction", 0)])
async def test_a_transaction_of_asyncpg_begins_and_ends(database, end, kept):
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert isinstance(raw.dbapi_connection, AsyncAdapt_asyncpg_connection)
        assert not sqlalchemy_private.has_begun(raw)
        await sqlalchemy_private.begin_transaction(raw)
        assert sqlalchemy_private.has_begun(raw)
        assert raw.driver_connection.is_in_transaction()
        await raw.driver_connection.execute("INSERT INTO blog_tag (name) VALUES ('one')")
        await getattr(sqlalchemy_private, end)(raw)
        assert not sqlalchemy_private.has_begun(raw)
        assert not raw.driver_connection.is_in_transaction()
        assert await raw.driver_connection.fetchval("SELECT count(*) FROM blog_tag") == kept


async def test_a_session_tells_whether_it_holds_something_back(database):
    async with database.unit_of_work() as session:
        assert not sqlalchemy_private.has_changes(session)
        session.add(one := Tag(name="one"))
        assert sqlalchemy_private.has_changes(session)
        await session.flush()
        assert not sqlalchemy_private.has_changes(session)
        one.name = "two"
        assert sqlalchemy_private.has_changes(session)
        await session.flush()
        await session.delete(one)
        assert sqlalchemy_private.has_changes(session)


async def test_what_is_marked_as_written_is_not_written_by_a_flush(database, count_statements):
    async with database.unit_of_work() as session:
        session.add_all(tags := [Tag(name="one"), Tag(name="two")])
        await session.flush()
        for tag in tags:
            tag.name = f"{tag.name} more"

        sqlalchemy_private.mark_written(session, tags)

        assert not session.dirty
        assert not any(inspect(tag).attrs.name.history.has_changes() for tag in tags)
        with count_statements() as statements:
            await session.flush()
        assert statements == []
        assert [tag.name for tag in tags] == ["one more", "two more"]
        tags[0].name = "three"
        assert [*session.dirty] == tags[:1]


@on_postgresql
async def test_a_transaction_that_sqlalchemy_began_is_known(database):
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        assert sqlalchemy_private.has_begun(await connection.get_raw_connection())


async def test_what_lay_in_the_pool_becomes_what_a_connection_works_on_and_gives_back(database):
    pool = database.engine.sync_engine.pool
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    record = await pool.take()
    assert isinstance(record, ConnectionPoolEntry)
    managed = sqlalchemy_private.proxy_of(pool, record)
    assert managed.dbapi_connection is record.dbapi_connection
    assert pool.checkedout() == 1
    made = sqlalchemy_private.connection_on(database.engine.sync_engine, managed)
    await sqlalchemy_private.run_in_greenlet(lambda: made.execute(text("SELECT 1")))
    await sqlalchemy_private.run_in_greenlet(made.close)
    assert pool.checkedout() == 0
    await pool.give_back(managed)  # once more is too often, and does nothing
    assert (pool.checkedin(), pool.checkedout()) == (1, 0)
    assert sqlalchemy_private.proxy_of(pool, managed) is managed


@on_postgresql
async def test_errors_of_asyncpg_become_those_that_its_dialect_knows(database):
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        try:
            await raw.driver_connection.fetch("SELECT nothing")
        except Exception as error:  # noqa: BLE001 - whatever asyncpg raises
            with pytest.raises(sqlalchemy_private.AsyncpgError) as raised:
                sqlalchemy_private.raise_as_dbapi_error(raw.dbapi_connection, error)
        found = sqlalchemy_private.as_sqlalchemy_error("SELECT nothing", raised.value, connection.dialect, is_lost=True)
    assert isinstance(found, exc.ProgrammingError)
    assert found.connection_invalidated


async def test_errors_of_sqlite_become_those_of_sqlalchemy(engine):
    async with engine.connect() as connection:
        adapter = (await connection.get_raw_connection()).dbapi_connection
        with pytest.raises(sqlite3.IntegrityError) as raised:
            sqlalchemy_private.raise_as_dbapi_error(adapter, sqlite3.IntegrityError("UNIQUE constraint failed"))
        found = sqlalchemy_private.as_sqlalchemy_error("INSERT", raised.value, connection.dialect, is_lost=False)

    assert isinstance(found, exc.IntegrityError)
    assert "UNIQUE constraint failed" in str(found)
    assert not found.connection_invalidated


async def test_a_session_has_connected_when_a_statement_went_through_it(engine):
    async with AsyncSession(engine) as session:
        assert not sqlalchemy_private.has_connected(session)
        session.add(Item(name="only put into it"))
        assert not sqlalchemy_private.has_connected(session)
        session.expunge_all()
        await session.execute(text("SELECT 1"))
        assert sqlalchemy_private.has_connected(session)


def test_a_loaded_object_is_persistent_in_its_session_which_begins_nothing():
    with Session() as session:
        mapper = inspect(Item)
        item = mapper.class_manager.new_instance()
        item.__dict__["id"] = 7
        identity = mapper.identity_key_from_instance(item)

        sqlalchemy_private.add_loaded(session, item, identity)

        assert session.identity_map.get(identity) is item
        assert inspect(item).persistent
        assert inspect(item).session is session
        assert not session.in_transaction()


def test_an_object_with_an_identity_and_no_session_is_detached_and_refuses_to_load():
    mapper = inspect(Item)
    item = mapper.class_manager.new_instance()
    item.__dict__["id"] = 7

    sqlalchemy_private.set_identity(item, mapper.identity_key_from_primary_key([7]))

    assert inspect(item).detached
    assert item.id == 7
    with pytest.raises(DetachedInstanceError):
        _ = item.children


def test_a_model_with_an_init_of_its_own_is_told_from_others():
    assert not sqlalchemy_private.has_own_init(inspect(Item))
    with_own = SimpleNamespace(class_manager=SimpleNamespace(original_init=lambda self: None))
    assert sqlalchemy_private.has_own_init(with_own)


@pytest.fixture
def heard_model():
    """A model of a registry of its own, so that no other test hears what is listened to here."""

    class Heard(DeclarativeBase):
        pass

    class Thing(Heard):
        __tablename__ = "thing"

        id: Mapped[int] = mapped_column(primary_key=True)

    return Thing


def test_listeners_of_all_mappers_are_heard_too(heard_model):
    hearing = sqlalchemy_private.ListenerCheck([(inspect(heard_model), "before_update")], [])
    listener = lambda a, b, c: None  # noqa: E731 - it has to be removed again
    event.listen(Mapper, "before_update", listener)
    try:
        assert hearing.has_listeners()
    finally:
        event.remove(Mapper, "before_update", listener)
    assert not hearing.has_listeners()


@pytest.mark.parametrize("event_name", ["before_update", "set", "before_flush", "init"])
def test_whoever_listens_is_heard_from_then_on_and_until_they_stop(heard_model, event_name):
    class Sessions(Session):
        pass

    places = [(inspect(heard_model), "before_update"), (heard_model.id, "set")]
    hearing = sqlalchemy_private.ListenerCheck(places, [(Sessions, "before_flush")], inspect(heard_model))
    target = {"set": heard_model.id, "before_flush": Sessions}.get(event_name, heard_model)
    listener = (lambda a, b, c, d: None) if event_name == "set" else (lambda a, b, c: None)
    assert not hearing.has_listeners()
    event.listen(target, event_name, listener)
    assert hearing.has_listeners()
    assert sqlalchemy_private.ListenerCheck(places, [(Sessions, "before_flush")], inspect(heard_model)).has_listeners()
    event.remove(target, event_name, listener)
    assert not hearing.has_listeners()


def test_the_pool_of_an_application_is_one_of_these():
    assert issubclass(FairPool, sqlalchemy_private.QueuePool)
    assert FairPool._queue_class is FairPool.queue_class
