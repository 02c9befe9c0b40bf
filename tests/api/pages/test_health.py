"""What load balancers ask is answered honestly, and quickly."""

import asyncio
import os
import shutil

import httpx
import pytest
from sqlalchemy import NullPool, event, text
from sqlalchemy.ext.asyncio import create_async_engine

from dovetail.application import make_application
from dovetail.migrations import readiness
from dovetail.migrations.history.ledger import LEDGER
from dovetail.testing.fixtures import make_client, running
from tests.api.test_problems import assert_is_problem


async def test_a_process_is_alive_and_ready_when_its_database_answers(probe):
    for path in ("/health/live", "/health/ready"):
        answer = await probe.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "url", ["postgresql://nobody:hunter2@127.0.0.1:1/nothing", "sqlite:////proc/no/such/folder/db.sqlite3"]
)
async def test_a_process_without_its_database_is_alive_and_not_ready(make_settings, url, caplog):
    app = make_application(make_settings(plugins=(), database_url=url))
    async with make_client(app) as client:
        assert (await client.get("/health/live")).status_code == 200
        answer = await client.get("/health/ready")
    assert_is_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert "hunter2" not in answer.text + caplog.text
    await app.state.database.dispose()
    await asyncio.sleep(0.1)  # aiosqlite's thread ends on its own after a connection that failed


async def test_a_database_that_says_nothing_is_not_waited_for(make_settings, silent_port, monkeypatch):
    monkeypatch.setattr(readiness, "TIMEOUT", 0.2)
    app = make_application(
        make_settings(
            plugins=(), database_url=f"postgresql://x:y@127.0.0.1:{silent_port}/z", database_connect_timeout=60
        )
    )
    async with make_client(app) as client, asyncio.timeout(50):
        assert_is_problem(await client.get("/health/ready"), 503)
    await app.state.database.dispose()


async def test_readiness_does_not_wait_for_a_busy_pool_or_a_writer(probe: httpx.AsyncClient, probe_database):
    async with probe_database.engine.connect() as writer, probe_database.engine.connect(), asyncio.timeout(50):
        await writer.exec_driver_sql("UPDATE probe_item SET size = 1")
        assert (await probe.get("/health/ready")).status_code == 200


@pytest.fixture(autouse=True)
def _every_look_is_fresh(monkeypatch):
    monkeypatch.setattr(readiness, "KEPT", 0.0)


async def why_not(client: httpx.AsyncClient) -> str:
    answer = await client.get("/health/ready")
    assert_is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    return str(answer.json()["detail"])


async def test_a_database_without_tables_is_not_ready(make_settings, empty_database_url):
    async with (
        running(make_application(make_settings(database_url=empty_database_url))) as app,
        make_client(app) as client,
    ):
        assert "no tables" in await why_not(client)


async def test_a_migration_that_was_not_applied_is_not_ready_until_it_is(client, database):
    newest = LEDGER.c.revision == "blog_0001_initial"
    assert (await client.get("/health/ready")).status_code == 200
    async with database.unit_of_work() as session:
        row = (await session.execute(LEDGER.select().where(newest))).one()
        await session.execute(LEDGER.delete().where(newest))
    assert "1 of the migrations" in await why_not(client)
    async with database.unit_of_work() as session:
        await session.execute(LEDGER.insert().values(row._mapping))
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_table_that_was_dropped_by_hand_is_not_ready_and_the_log_names_it_once(client, database, caplog):
    async def rename(before: str, after: str) -> None:
        async with database.unit_of_work() as session:
            await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    assert (await client.get("/health/ready")).status_code == 200
    await rename("blog_tag", "gone")  # as good as dropped, and to be undone
    assert "lacks 1 of the tables" in await why_not(client)
    assert "blog_tag" not in await why_not(client)
    assert ["blog_tag" in record.getMessage() for record in caplog.records if record.name == "dovetail.database"] == [
        True
    ]
    later = {"revision": "blog_9999_later", "plugin": "blog", "down_revisions": "[]", "depends_on": "[]"}
    async with database.unit_of_work() as session:  # a later release dropped it, while this one still serves
        await session.execute(LEDGER.insert().values(later))
    assert (await client.get("/health/ready")).status_code == 200
    async with database.unit_of_work() as session:
        await session.execute(LEDGER.delete().where(LEDGER.c.revision == "blog_9999_later"))
    await rename("gone", "blog_tag")
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_read_only_database_is_not_ready_and_is_read_all_the_same(client, database):
    assert (await client.get("/health/ready")).status_code == 200
    engine = database._spare.sync_engine
    is_sqlite = engine.dialect.name == "sqlite"

    def close(connection, _record):
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only = on" if is_sqlite else "SET default_transaction_read_only = on")
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", close)
    assert "no changes" in await why_not(client)
    assert (await client.get("/api/posts")).status_code == 200
    event.remove(engine, "connect", close)
    assert (await client.get("/health/ready")).status_code == 200


BODY = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery staple"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_file_that_is_gone_is_not_ready_and_nothing_makes_a_new_one(client, database_url):
    path = database_url.partition(":///")[2]
    assert (await client.get("/api/posts")).status_code == 200
    shutil.move(path, f"{path}.away")
    assert "is gone" in await why_not(client)
    assert_is_problem(await client.post("/api/auth/register", json=BODY), 503)
    assert_is_problem(await client.get("/api/users/me", headers={"Authorization": "Bearer nobody"}), 503)
    with pytest.raises(FileNotFoundError):
        os.stat(path)  # noqa: PTH116 - pathlib is refused here too
    shutil.move(f"{path}.away", path)
    assert (await client.get("/health/ready")).status_code == 200
    assert (await client.post("/api/auth/register", json=BODY)).status_code == 201


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_disk_without_room_for_a_change_is_not_ready_until_it_has_some(client, monkeypatch):
    assert (await client.get("/health/ready")).status_code == 200
    with monkeypatch.context() as full:
        full.setattr(readiness, "ROOM", 2**62)  # more than any disk has left
        assert await why_not(client) == "The disk of the database is full."
    assert (await client.get("/health/ready")).status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_file_that_was_replaced_is_written_to_and_not_the_one_before(client, database_url, tmp_path):
    path = database_url.partition(":///")[2]
    copy = tmp_path / "copy.sqlite3"
    shutil.copy(path, copy)
    assert (await client.get("/api/posts?count=true")).status_code == 200
    shutil.move(copy, path)  # as a backup is put back
    statuses = [(await client.post("/api/auth/register", json=BODY)).status_code for _ in range(3)]
    assert 201 in statuses
    engine = create_async_engine(database_url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM auth_user WHERE username = 'ada'")) == 1
    await engine.dispose()


async def test_a_hundred_who_ask_at_once_cost_one_look(client, count_statements, monkeypatch):
    monkeypatch.setattr(readiness, "KEPT", 60.0)
    with count_statements() as statements:
        answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(statements) <= 5
