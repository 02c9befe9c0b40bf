"""SQLite and PostgreSQL keep the same promises."""

import threading

import pytest
from sqlalchemy import exc, inspect, select, text

from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url
from dovetail.database.prepared_reads import connect_to_read
from dovetail.errors import ConfigurationError
from tests.probe.models import Item


async def test_a_reference_to_nothing_is_refused(probe_database):
    async def store():
        async with probe_database.unit_of_work() as session:
            session.add(Item(name="orphan", parent_id=999))

    with pytest.raises(exc.IntegrityError):
        await store()


async def test_deleting_a_row_deletes_what_hangs_on_it(probe_database):
    async with probe_database.unit_of_work() as session:
        session.add(parent := Item(name="parent"))
        await session.flush()
        session.add(Item(name="child", parent_id=parent.id))
    async with probe_database.unit_of_work() as session:
        await session.delete(await session.get(Item, parent.id))
    async with probe_database.unit_of_work(read_only=True) as session:
        assert list(await session.scalars(select(Item))) == []


async def test_tables_made_in_a_transaction_that_fails_are_gone(probe_database):
    async def fail():
        async with probe_database.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE probe_other (id INTEGER)"))
            await connection.execute(text("INSERT INTO probe_other VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with probe_database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert "probe_other" not in names


async def test_an_error_never_quotes_values(probe_database):
    async with probe_database.engine.connect() as connection:
        with pytest.raises(exc.DBAPIError) as raised:
            await connection.execute(text("SELECT :secret FROM no_such_table"), {"secret": "hunter2"})
    assert "hunter2" not in str(raised.value)


async def test_values_that_one_database_could_not_hold_are_refused_by_both(probe_database):
    for values in ({"name": "a\0b"}, {"price": float("nan")}, {"price": float("-inf")}, {"name": "\ud800"}):

        async def store(values=values):
            async with probe_database.unit_of_work() as session:
                session.add_all([Item(name="before"), Item(**({"name": "x"} | values)), Item(name="after")])

        with pytest.raises(exc.DBAPIError):
            await store()
    async with probe_database.unit_of_work(read_only=True) as session:
        assert list(await session.scalars(select(Item))) == []


async def test_a_file_that_cannot_be_opened_leaves_no_thread_behind(make_settings, tmp_path):
    """A thread that ends after the event loop ends in a traceback."""
    threads = set(threading.enumerate())
    engine = create_engine(make_settings(database_url=f"sqlite:///{tmp_path}"))
    with pytest.raises(exc.OperationalError, match="unable to open database file"):
        await engine.connect()
    left = set(threading.enumerate()) - threads
    assert [thread.name for thread in left if "connection_worker" in thread.name] == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunter2@host:port/name",
        "postgresql://user:hunter2@[::1/name",
        "postgresql://user:hunter2@host/name?prepared_statement_cache_size=many",
        "postgresql://user:hunter2@host/name?application_name=site",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_quoting_it(make_settings, url):
    with pytest.raises(ConfigurationError, match="DATABASE_URL: ") as raised:
        database_url(make_settings(database_url=url))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("parameter", ["ssl", "sslmode"])
async def test_encryption_is_asked_for_by_libpqs_name_too(make_settings, parameter):
    settings = make_settings(database_url=f"postgresql://user:hunter2@host/name?{parameter}=verify-nothing")
    assert database_url(settings).query == {"ssl": "verify-nothing"}
    with pytest.raises(exc.OperationalError, match="must be one of: disable"):  # it reached the driver
        await create_engine(settings).connect()


def test_the_pool_has_the_options_of_the_settings(make_settings):
    engine = create_engine(
        make_settings(
            database_url="postgresql://x@y/z",
            database_pool_size=7,
            database_max_overflow=2,
            database_pool_timeout=1.5,
            database_pool_recycle=60,
            database_pool_pre_ping=False,
            database_echo=False,
        )
    )
    statistics = engine.pool.statistics()
    assert (statistics.size, statistics.max_overflow, statistics.timeout) == (7, 2, 1.5)
    assert (statistics.recycle, statistics.pre_ping) == (60, False)


async def test_a_pool_overflows_by_as_many_as_it_may_and_counts_them(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url, database_pool_size=1, database_max_overflow=1)
    engine = create_engine(settings)
    async with engine.connect(), engine.connect():
        statistics = engine.pool.statistics()
        assert (statistics.checked_out, statistics.overflow) == (2, 1)
    await engine.dispose()


async def test_a_read_takes_a_connection_that_just_worked_without_a_ping(database, monkeypatch):
    pings = []
    dialect = database.engine.sync_engine.dialect
    ping = dialect.do_ping
    monkeypatch.setattr(dialect, "do_ping", lambda found: pings.append(found) or ping(found))
    for _ in range(3):
        async with connect_to_read(database.engine):
            pass
    assert pings == []
    async with database.engine.connect():
        pass
    assert len(pings) == 1
    monkeypatch.setattr("dovetail.database.pool.fair_pool.TRUSTED_FOR", 0.0)
    async with connect_to_read(database.engine):
        pass
    assert len(pings) == 2
