"""A database that takes no changes, or has no room, is a 503, and the connection that met it is thrown away."""

import asyncio
from secrets import token_hex

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from dovetail.database.prepared_reads import connect_to_read
from dovetail.database.unit_of_work import Database
from tests.database.test_error_translation import assert_is_unavailable

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
FAIL = """
CREATE FUNCTION fail(code text) RETURNS int LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'as asked for' USING ERRCODE = code; END $$
"""
LOST = ["08006", "25006", "53100", "53200", "53300", "53400", "55000", "57P01", "57P02", "57P03", "58030"]
KEPT = ["40001", "40P01", "55P03", "57014"]


async def make(probe, times: int = 1):
    return await probe.post("/api/items", json={"name": token_hex(8) * times})


@on_postgresql
async def test_a_server_that_becomes_read_only_is_a_503_and_is_written_to_as_soon_as_it_takes_changes(
    probe, probe_database
):
    await allow_changes(probe_database, "off")
    await probe_database.engine.dispose()
    for _ in range(3):
        assert "no changes" in assert_is_unavailable(await make(probe)).json()["detail"]
        assert (await probe.get("/api/items")).status_code == 200
    await allow_changes(probe_database, "on")
    statuses = [(await make(probe)).status_code for _ in range(6)]
    assert statuses.count(503) <= 1  # that of a connection of before, which takes all others of its age along
    assert statuses[1:] == [201] * 5


@on_postgresql
async def test_after_one_loss_every_connection_as_old_is_made_anew(probe, probe_database):
    before = await pids(probe_database)
    assert len(before) == 3
    async with probe_database.unit_of_work() as session:
        await session.execute(text("SET default_transaction_read_only = on"))  # as a pooled one after a failover
    assert 503 in {(await make(probe)).status_code for _ in range(3)}
    assert not before & await pids(probe_database)
    assert (await make(probe)).status_code == 201


@on_postgresql
@pytest.mark.parametrize(("code", "is_lost"), [*((code, True) for code in LOST), *((code, False) for code in KEPT)])
async def test_what_the_server_says_of_itself_is_a_503(probe_app, probe, probe_database, code, is_lost):
    async with probe_database.unit_of_work() as session:
        await session.execute(text(FAIL))

    @probe_app.post("/fail")
    async def fail() -> None:
        async with probe_database.unit_of_work() as session:
            await session.execute(text("SELECT fail(:code)"), {"code": code})

    @probe_app.get("/fail")
    async def fail_past_sqlalchemy() -> None:
        async with connect_to_read(probe_database.engine) as connection:
            await connection.fetch("SELECT fail($1)", (code,))

    for send in (probe.post, probe.get):
        before = await pids(probe_database)
        assert_is_unavailable(await send("/fail"))
        assert (
            len(before & await pids(probe_database)) < len(before) if is_lost else before == await pids(probe_database)
        )
    assert probe_database.engine.pool.checkedout() == 0
    assert (await make(probe)).status_code == 201


@on_sqlite
@pytest.mark.parametrize(
    ("pragma", "words"), [("query_only = on", "no changes"), ("max_page_count = 1", "disk of the database is full")]
)
async def test_a_file_that_is_read_only_or_full_is_a_503_and_is_opened_anew(probe, probe_database, pragma, words):
    engine = probe_database.engine.sync_engine

    def limit(connection, _record):
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", limit)
    await probe_database.engine.dispose()
    for _ in range(3):
        assert words in assert_is_unavailable(await make(probe, 1000)).json()["detail"]
        assert (await probe.get("/api/items")).status_code == 200
    event.remove(engine, "connect", limit)
    statuses = [(await make(probe, 1000)).status_code for _ in range(5)]
    assert statuses.count(201) >= 2  # each of three connections met it at most once
    assert probe_database.engine.pool.checkedout() == 0


async def test_the_reader_past_sqlalchemy_throws_a_lost_connection_away_too(probe_database):
    sql = (
        "PRAGMA query_only = on" if probe_database.engine.dialect.name == "sqlite" else "SET transaction_read_only = on"
    )
    change = "INSERT INTO probe_item (name, size) VALUES ('x', 1)"
    async with connect_to_read(probe_database.engine) as connection:
        driver = connection.managed.driver_connection
        if probe_database.engine.dialect.name == "postgresql":
            await driver.execute("SET default_transaction_read_only = on")
        else:
            await driver.execute(sql)
        with pytest.raises(DBAPIError) as failed:
            await connection.fetch(change, ())
        assert failed.value.connection_invalidated
    async with connect_to_read(probe_database.engine) as connection:
        assert connection.managed.driver_connection is not driver


async def allow_changes(database: Database, value: str) -> None:
    name, read_only = database.engine.url.database, "off" if value == "on" else "on"
    async with database.outside_the_pool() as session:
        await session.execute(text("SET TRANSACTION READ WRITE"))
        await session.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {read_only}'))
        await session.commit()


async def pids(database) -> set[int]:
    async def one() -> int:
        async with database.engine.connect() as connection:
            await met.wait()
            return int(await connection.scalar(text("SELECT pg_backend_pid()")))

    met = asyncio.Barrier(3)
    return set(await asyncio.gather(one(), one(), one()))
