"""An answer that is sent bit by bit reads and writes, and holds no connection while its client is waited for."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import APIRouter

from dovetail.api.route_checks import streams_without_a_session
from dovetail.application import make_application
from dovetail.database.session import SessionDep, StreamSessionsDep, stream_sessions
from dovetail.errors import ConfigurationError
from tests.probe.api import router
from tests.probe.models import Item


async def first_event(stream: AsyncExitStack, client: httpx.AsyncClient, path: str) -> str:
    answer = await stream.enter_async_context(client.stream("GET", path))
    assert answer.headers["content-type"].startswith("text/event-stream")
    return await anext(line async for line in answer.aiter_lines() if line.startswith("data:"))


async def until_all_are_back(app, held: int = 0) -> None:
    async with asyncio.timeout(60):
        while app.state.database.engine.pool.checkedout() > held:  # noqa: ASYNC110 - a pool has no event
            await asyncio.sleep(0.02)


async def test_more_streams_than_the_pool_has_connections_keep_nobody_waiting(probe_app, probe_url):
    limits = httpx.Limits(max_connections=20)
    async with AsyncExitStack() as streams, httpx.AsyncClient(base_url=probe_url, limits=limits, timeout=60) as client:
        for _ in range(9):  # the pool has three
            assert await first_event(streams, client, "/api/ticks") == "data: 0"
        for number in range(5):
            assert (await client.post("/api/items", json={"name": f"item {number}"})).status_code == 201
    await until_all_are_back(probe_app)


async def test_what_is_open_when_the_client_hangs_up_is_given_back_without_a_traceback(probe_app, probe_url, caplog):
    async with httpx.AsyncClient(base_url=probe_url, timeout=60) as client:
        for _ in range(5):  # more than the pool has
            async with AsyncExitStack() as stream:
                assert await first_event(stream, client, "/api/held-ticks") == "data: 0"
                assert probe_app.state.database.engine.pool.checkedout() == 1
            await until_all_are_back(probe_app)
        assert (await client.post("/api/items", json={"name": "as before"})).status_code == 201
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_stream_that_only_reads_goes_on_beside_a_writer(probe_app, probe_url):
    async with (
        probe_app.state.database.unit_of_work() as work,
        AsyncExitStack() as streams,
        httpx.AsyncClient(base_url=probe_url, timeout=60) as client,
    ):
        work.add(Item(name="not committed yet"))
        await work.flush()
        assert await first_event(streams, client, "/api/ticks") == "data: 0"
    await until_all_are_back(probe_app)


async def test_each_block_commits_and_one_that_raises_is_rolled_back(probe_app, probe_url):
    async with httpx.AsyncClient(base_url=probe_url, timeout=60) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/api/lines?count=2")
        for name, count in (("line 0", 1), ("line 1", 1), ("never to be seen", 0)):
            assert len((await client.get("/api/items", params={"name": name})).json()) == count
    await until_all_are_back(probe_app)


async def test_a_test_may_bring_sessions_of_its_own(probe_app, probe, caplog):
    class Nothing:
        def __call__(self):
            raise LookupError("mine")

    probe_app.dependency_overrides[stream_sessions] = Nothing
    await probe.get("/api/ticks")
    assert "LookupError: mine" in caplog.text


def test_an_endpoint_that_yields_and_asks_for_a_session_that_is_closed_by_then_is_refused(make_settings):
    settings = make_settings(plugins=("tests.probe",), database_url="sqlite:///:memory:")
    app = make_application(settings)
    assert list(streams_without_a_session(app)) == []
    added = APIRouter()

    @added.get("/names")
    async def stream_names(session: SessionDep):
        yield str(session)

    @added.get("/more-names")
    async def stream_more_names(sessions: StreamSessionsDep):
        yield str(sessions)

    before = list(router.routes)
    router.include_router(added)
    try:
        with pytest.raises(ConfigurationError) as raised:
            make_application(settings)
    finally:
        router.routes[:] = before
    assert "'stream_names' (/api/names) yields, and its SessionDep is closed by then" in str(raised.value)
    assert "dovetail.database.session.StreamSessionsDep" in str(raised.value)
    assert "stream_more_names" not in str(raised.value)
