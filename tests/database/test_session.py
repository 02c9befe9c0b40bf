"""One request, one session, one transaction, committed before the answer leaves."""

import asyncio

import httpx
import pytest
from sqlalchemy import select

from dovetail.application import make_application
from dovetail.database.session import unit_of_work
from dovetail.database.unit_of_work import Database
from dovetail.testing.fixtures import make_client
from tests.api.test_problems import assert_is_problem
from tests.conftest import create_tables
from tests.probe.mistakes import SlowWrite
from tests.probe.models import Item


async def names_in(database: Database) -> list[str]:
    async with database.unit_of_work(read_only=True) as session:
        return list(await session.scalars(select(Item.name).order_by(Item.id)))


async def test_a_request_that_succeeds_is_committed(probe, probe_database):
    assert (await probe.post("/api/items", json={"name": "kept"})).status_code == 201
    assert await names_in(probe_database) == ["kept"]


async def test_a_request_that_raises_anything_is_rolled_back(probe, probe_database):
    for kind, status in (("http", 400), ("dovetail", 409), ("bug", 500)):
        assert_is_problem(await probe.post(f"/api/mistakes/write-then-raise/{kind}"), status)
    assert await names_in(probe_database) == []


async def test_an_error_that_is_returned_and_not_raised_commits(probe, probe_database):
    assert (await probe.post("/api/mistakes/write-then-return-error")).status_code == 400
    assert await names_in(probe_database) == ["committed all the same"]


async def test_a_commit_that_fails_is_an_error_and_never_a_success(probe_url, probe_database):
    async with httpx.AsyncClient(base_url=probe_url) as client:
        answer = await client.post("/api/items", json={"name": "orphan", "parent_id": 12345})
        problem = assert_is_problem(answer, 409)
        assert "refers to something that does not exist" in problem["detail"]
        assert "Parent ID" in problem["detail"]
        assert (await client.post("/api/items", json={"name": "next"})).status_code == 201
    assert await names_in(probe_database) == ["next"]


async def test_all_dependencies_of_a_request_share_one_session(probe):
    assert (await probe.get("/api/same-session")).json() is True


async def test_a_stream_that_touches_the_closed_session_fails_loudly_and_leaks_nothing(
    probe_url, probe_database, caplog
):
    async with httpx.AsyncClient(base_url=probe_url) as client:
        for _ in range(5):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("/api/stream")
    assert "closed" in caplog.text
    assert "Unexpected ASGI message" not in caplog.text
    assert probe_database.engine.pool.checkedout() == 0


async def test_a_client_that_hangs_up_does_not_stop_the_commit(probe_app, probe_url, probe_database):
    slow = SlowWrite.of(probe_app)
    async with httpx.AsyncClient(base_url=probe_url, timeout=60) as client:
        asking = asyncio.create_task(client.post("/api/mistakes/write-slowly"))
        await slow.has_written.wait()
        asking.cancel()
        await asyncio.wait({asking})
    slow.may_end.set()
    async with asyncio.timeout(60):
        while await names_in(probe_database) != ["written slowly"]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)
        while probe_database.engine.pool.checkedout():  # noqa: ASYNC110 - a pool has no event
            await asyncio.sleep(0.05)


async def test_a_test_may_bring_a_database_in_memory(probe_app, probe, probe_database, make_settings):
    memory = Database.from_settings(make_settings(database_url="sqlite:///:memory:"))
    await create_tables(memory)

    async def in_memory():
        async with memory.unit_of_work() as session:
            yield session

    probe_app.dependency_overrides[unit_of_work] = in_memory
    assert (await probe.post("/api/items", json={"name": "elsewhere"})).status_code == 201
    assert_is_problem(await probe.post("/api/mistakes/write-then-raise/http"), 400)
    assert (await names_in(memory), await names_in(probe_database)) == (["elsewhere"], [])
    await memory.dispose()


async def test_two_hundred_increments_at_once_lose_none(probe_app, probe_settings):
    patient = make_application(probe_settings.model_copy(update={"database_pool_timeout": 60.0}))
    async with make_client(patient) as client:
        item = (await client.post("/api/items", json={"name": "counter"})).json()
        answers = await asyncio.gather(*(client.post(f"/api/items/{item['id']}/increment") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json() for answer in answers) == list(range(1, 201))
    assert patient.state.database.engine.pool.checkedout() == 0
    await patient.state.database.dispose()
