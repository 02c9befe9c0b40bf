"""What load balancers ask is answered honestly, and quickly."""

import asyncio

import httpx
import pytest

from project.api import health
from project.application import create_app
from project.testing.plugin import make_client
from tests.api.test_problems import assert_is_problem


async def test_a_process_is_alive_and_ready_when_its_database_answers(probe):
    for path in ("/health/live", "/health/ready"):
        answer = await probe.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "url", ["postgresql://nobody:hunter2@127.0.0.1:1/nothing", "sqlite:////proc/no/such/folder/db.sqlite3"]
)
async def test_a_process_without_its_database_is_alive_and_not_ready(make_settings, url, caplog, monkeypatch):
    monkeypatch.setattr("pathlib.Path.mkdir", lambda *args, **kwargs: None)
    app = create_app(make_settings(plugins=(), database_url=url))
    async with make_client(app) as client:
        assert (await client.get("/health/live")).status_code == 200
        answer = await client.get("/health/ready")
    assert_is_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert "hunter2" not in answer.text + caplog.text
    await app.state.database.dispose()
    await asyncio.sleep(0.1)  # aiosqlite's thread ends on its own after a connection that failed


async def test_a_database_that_says_nothing_is_not_waited_for(make_settings, silent_port, monkeypatch):
    monkeypatch.setattr(health, "READY_TIMEOUT", 0.2)
    app = create_app(make_settings(plugins=(), database_url=f"postgresql://x:y@127.0.0.1:{silent_port}/z"))
    async with make_client(app) as client, asyncio.timeout(2.5):
        assert_is_problem(await client.get("/health/ready"), 503)
    await app.state.database.dispose()


async def test_readiness_does_not_wait_for_a_busy_pool_or_a_writer(probe: httpx.AsyncClient, probe_database):
    async with probe_database.engine.connect() as writer, probe_database.engine.connect(), asyncio.timeout(2):
        await writer.exec_driver_sql("UPDATE probe_item SET size = 1")
        assert (await probe.get("/health/ready")).status_code == 200
