"""A database that is away or exhausted answers 503, quickly, and recovers; everything else keeps its own meaning."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest
from sqlalchemy import event, make_url, select, text

from dovetail.application import make_application
from dovetail.database.engine.engine import create_engine
from dovetail.database.unit_of_work import Database
from dovetail.testing import postgres
from dovetail.testing.fixtures import make_client, running
from tests.api.test_problems import assert_is_problem
from tests.probe.mistakes import SlowWrite
from tests.probe.models import Item


def assert_is_unavailable(answer):
    assert_is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    return answer


@pytest.mark.parametrize("pool_timeout", [0.3])
async def test_an_exhausted_pool_answers_503_within_its_timeout_and_then_recovers(probe, probe_database):
    async with AsyncExitStack() as taken:
        for _ in range(3):
            await taken.enter_async_context(probe_database.engine.connect())
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*(probe.get("/api/items") for _ in range(20)))
        for answer in answers:
            assert "busy" in assert_is_unavailable(answer).json()["detail"]
    assert (await probe.get("/api/items")).status_code == 200
    assert probe_database.engine.pool.checkedout() == 0


async def test_a_server_that_refuses_connections_answers_503(make_settings):
    app = make_application(make_settings(plugins=("tests.probe",), database_url="postgresql://x:hunter2@127.0.0.1:1/x"))
    async with running(app), make_client(app) as client:
        assert "hunter2" not in assert_is_unavailable(await client.get("/api/items")).text


async def test_a_server_that_does_not_answer_is_given_up_after_the_connect_timeout(make_settings, silent_port):
    url = f"postgresql://x:y@127.0.0.1:{silent_port}/z"
    settings = make_settings(plugins=("tests.probe",), database_url=url, database_connect_timeout=0.2)
    async with running(make_application(settings)) as app, make_client(app) as client, asyncio.timeout(50):
        assert_is_unavailable(await client.get("/api/items"))


@pytest.mark.parametrize("part", ["database", "username"])
async def test_a_server_that_does_not_let_us_in_answers_503_and_the_log_says_why(make_settings, part, caplog):
    url = make_url(postgres.server_url()).set(**{part: "no_such_name"}).render_as_string(hide_password=False)
    app = make_application(make_settings(plugins=("tests.probe",), database_url=url))
    async with running(app), make_client(app) as client:
        assert "no_such_name" not in assert_is_unavailable(await client.get("/api/items")).text
    assert "no_such_name" in caplog.text


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_connections_the_server_cut_are_replaced_before_anybody_notices(probe, probe_database):
    await asyncio.gather(*(probe.get("/api/items") for _ in range(10)))
    await cut_all_connections(probe_database)
    answers = await asyncio.gather(*(probe.get("/api/items") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_connection_the_server_cuts_in_mid_transaction_is_a_503_and_leaks_nothing(
    probe_app, probe, probe_database
):
    slow = SlowWrite.of(probe_app)
    writing = asyncio.create_task(probe.post("/api/mistakes/write-slowly"))
    await slow.has_written.wait()
    await cut_all_connections(probe_database)
    slow.may_end.set()
    assert_is_unavailable(await writing)
    assert probe_database.engine.pool.checkedout() == 0
    assert (await probe.post("/api/items", json={"name": "afterwards"})).status_code == 201
    async with probe_database.unit_of_work() as session:
        assert list(await session.scalars(select(Item.name))) == ["afterwards"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_deadlock_is_worth_another_try(probe_app, probe, probe_database):
    for name in ("a", "b"):
        assert (await probe.post("/api/items", json={"name": name})).status_code == 201
    met = asyncio.Barrier(2)

    @probe_app.post("/lock/{first}/{second}")
    async def lock(first: str, second: str) -> None:
        async with probe_database.unit_of_work() as session:
            await session.execute(text("UPDATE probe_item SET size = 1 WHERE name = :name"), {"name": first})
            await met.wait()
            await session.execute(text("UPDATE probe_item SET size = 1 WHERE name = :name"), {"name": second})

    answers = await asyncio.gather(probe.post("/lock/a/b"), probe.post("/lock/b/a"))
    assert sorted(answer.status_code for answer in answers) == [200, 503]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_database_that_somebody_keeps_locked_is_a_503(probe_app, probe, probe_settings):
    impatient = Database(create_engine(probe_settings, connect_args={"timeout": 0.1}))
    other: Database = probe_app.state.database
    probe_app.state.database = impatient
    async with other.unit_of_work() as session:
        await session.execute(select(Item))
        assert_is_unavailable(await probe.post("/api/items", json={"name": "x"}))
        assert (await probe.get("/api/items")).status_code == 200  # a reader reads beside a writer
    assert (await probe.post("/api/items", json={"name": "x"})).status_code == 201
    await impatient.dispose()
    probe_app.state.database = other


async def cut_all_connections(database: Database) -> None:
    async with database.outside_the_pool() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "  # and wait until they are gone
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def test_whatever_a_driver_raises_for_a_lost_connection_is_a_503_and_the_connection_is_thrown_away(
    probe, probe_database
):
    engine = probe_database.engine.sync_engine
    made: list[object] = []
    assert (await probe.get("/api/items")).status_code == 200  # so that there is a connection to lose
    event.listen(engine, "connect", lambda connection, _record: made.append(connection))
    errors = (ConnectionResetError(104, "reset"), TimeoutError(), EOFError())
    for error in errors:
        driver_fails = partial(fail, error)
        event.listen(engine, "do_execute", driver_fails)
        assert_is_unavailable(await probe.post("/api/items", json={"name": "x"}))
        event.remove(engine, "do_execute", driver_fails)
        assert (await probe.get("/api/items")).status_code == 200
    assert len(made) == len(errors)
    assert (await probe.post("/api/items", json={"name": "x"})).status_code == 201


@pytest.mark.parametrize("pool_timeout", [0.3])
async def test_the_log_says_what_was_the_matter_and_quotes_no_statement(probe, probe_database, caplog):
    async with AsyncExitStack() as taken:
        for _ in range(3):
            await taken.enter_async_context(probe_database.engine.connect())
        await probe.get("/api/items")
    (record,) = (record for record in caplog.records if record.name == "dovetail.errors")
    assert record.getMessage().startswith("answered 503: TimeoutError: QueuePool limit of size 3")
    assert "SELECT" not in caplog.text


def fail(error: Exception, *_args: object) -> None:
    raise error


async def test_an_error_that_cannot_even_be_looked_at_is_answered_with_problem_details(probe_app, probe, caplog):
    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise ValueError("nobody can read this")

    @probe_app.get("/unreadable")
    async def fail_unreadably() -> None:
        raise UnreadableError

    answer = await probe.get("/unreadable")
    assert_is_problem(answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "UnreadableError" in caplog.text


async def test_a_handler_of_a_plugin_that_raises_is_answered_with_problem_details(probe_app, probe, caplog):
    async def handle(_request, _error):
        raise RuntimeError("hunter2")

    probe_app.add_exception_handler(LookupError, handle)

    @probe_app.get("/lookup")
    async def lookup() -> None:
        raise LookupError

    answer = await probe.get("/lookup")
    assert_is_problem(answer, 500)
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text
