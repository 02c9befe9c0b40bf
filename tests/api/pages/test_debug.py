"""An operator can look at the pool, above all while it is exhausted."""

import asyncio
import os
from contextlib import AsyncExitStack

import pytest

from dovetail.application import make_application
from dovetail.testing.fixtures import make_client
from tests.api.test_problems import assert_is_problem

STAFF = {"X-Visitor": "staff"}


async def test_the_pool_is_for_staff_only(probe):
    anonymous = await probe.get("/debug/pool")
    assert_is_problem(anonymous, 401)
    assert anonymous.headers["www-authenticate"] == "Bearer"
    assert_is_problem(await probe.get("/debug/pool", headers={"X-Visitor": "anyone"}), 403)


async def test_nobody_gets_in_where_nobody_can_be_known(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite:///:memory:"))
    async with make_client(app) as client:
        problem = assert_is_problem(await client.get("/debug/pool"), 401)
    assert "dovetail.contrib.auth" in problem["detail"]


async def test_a_real_user_of_the_site_gets_in_if_staff(client_for, make_user):
    staff = await client_for(await make_user(is_superuser=True))
    assert (await staff.get("/debug/pool")).status_code == 200
    assert (await (await client_for(await make_user())).get("/debug/pool")).status_code == 403


@pytest.mark.parametrize("pool_timeout", [3.0])
async def test_an_exhausted_pool_shows_who_waits_and_who_gave_up(probe, probe_database, database_kind):
    async with AsyncExitStack() as taken:
        for _ in range(3):
            await taken.enter_async_context(probe_database.engine.connect())
        waiting = asyncio.create_task(probe.get("/api/items"))
        while not probe_database.engine.pool.statistics().waiting:  # noqa: ASYNC110 - a pool has no event
            await asyncio.sleep(0.01)
        answer = await probe.get("/debug/pool", headers=STAFF)
        assert answer.json() == {
            "process": os.getpid(),
            "database": database_kind,
            "pool": {
                "size": 3,
                "max_overflow": 0,
                "timeout": 3.0,
                "recycle": 1800,
                "pre_ping": True,
                "checked_in": 0,
                "checked_out": 3,
                "overflow": 0,
                "waiting": 1,
                "timeouts": 0,
            },
        }
        assert_is_problem(await waiting, 503)
    pool = (await probe.get("/debug/pool", headers=STAFF)).json()["pool"]
    assert (pool["checked_out"], pool["waiting"], pool["timeouts"]) == (0, 0, 1)


async def test_a_database_in_memory_has_no_pool_to_show(make_settings):
    app = make_application(make_settings(plugins=("tests.probe",), database_url="sqlite:///:memory:"))
    async with make_client(app, headers=STAFF) as client:
        assert_is_problem(await client.get("/debug/pool"), 404)
    await app.state.database.dispose()
