"""A token that was revoked, or whose user was deactivated, is refused by the very next request, on both roads."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from itertools import cycle

import httpx
import pytest
from sqlalchemy import delete, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from tests.contract.roads.asgi import Request
from tests.contract.roads.callers import OWNER
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import ADA, Road, Roads, token_of
from tests.running import free_port, serving

APART = httpx.Limits(max_connections=20, max_keepalive_connections=0)  # each request goes to any of the processes
LATE = 3  # requests at each address
READS = ("/api/posts/2", "/api/posts?limit=1", "/api/tags/python/posts", "/api/products/of/mine", "/api/users/me")


# Nobody is asked there who they are, nor at any address of stamps.
PUBLIC = {f"{name}, after" for name in ("get_label", "list_labels", "get_liveness")}


async def log_out(road: Road) -> None:
    answer = await road.send(Request(name="log out", method="POST", target="/api/auth/logout", headers=OWNER))
    assert answer.status == 204


async def log_out_everywhere(road: Road) -> None:
    target = "/api/auth/logout-everywhere"
    answer = await road.send(Request(name="log out", method="POST", target=target, headers=OWNER))
    assert answer.status == 204


async def revoke(road: Road) -> None:
    """Remove the row, as another process does, or somebody with psql."""
    async with road.database.engine.begin() as connection:
        await connection.execute(delete(Session).where(Session.user_id == ADA))


async def deactivate(road: Road) -> None:
    async with road.database.engine.begin() as connection:
        await connection.execute(update(User).where(User.id == ADA).values(is_active=False))


async def remove(road: Road) -> None:
    async with road.database.engine.begin() as connection:
        await connection.execute(delete(User).where(User.id == ADA))


@pytest.mark.parametrize("end", [log_out, log_out_everywhere, revoke, deactivate, remove], ids=lambda end: end.__name__)
async def test_the_very_next_request_is_refused_at_every_address(roads: Roads, end: Callable[[Road], Awaitable[None]]):
    catalogue = Catalogue(roads.fast.app)
    taking = [one for one in catalogue.operations if not one.is_librarys]
    before = [catalogue.request(one, "before", OWNER) for one in taking]
    after = [catalogue.request(one, "after", OWNER) for one in taking]

    async def drive(road: Road) -> None:
        for request in before[:: 2 if end is log_out else 9]:  # what is remembered of her is remembered by now
            await road.send(request)
        await end(road)
        for request in after:
            await road.send(request)

    found = await roads.play(drive)
    await roads.compare_rows()
    statuses = {record.request.name: record.status for record in found if record.request.name.endswith("after")}
    assert {name for name, status in statuses.items() if status != 401 and "stamp" not in name} == PUBLIC


async def test_while_requests_are_under_way_none_that_begins_after_the_end_is_let_in(roads: Roads):
    for road in roads:
        late = await _statuses_of_those_that_began_late(road)
        assert late == [401] * LATE * len(READS)


async def _statuses_of_those_that_began_late(road: Road) -> list[int]:
    under_way, ended, late = asyncio.Event(), asyncio.Event(), []

    async def ask(target: str) -> None:
        for _ in range(3):
            await road.send(Request(name="before", target=target, headers=OWNER))
        under_way.set()
        remaining = LATE
        while remaining:
            is_late = ended.is_set()
            answer = await road.send(Request(name="under way", target=target, headers=OWNER))
            assert answer.status in {200, 401}
            if is_late:
                late.append(answer.status)
                remaining -= 1

    async def end() -> None:
        await under_way.wait()
        await log_out(road)
        ended.set()

    await asyncio.gather(end(), *(ask(target) for target in READS))
    return late


@pytest.mark.parametrize("database_kind", ["postgresql"])  # one start of a server is dear enough
async def test_every_process_refuses_it_at_once(two_databases):
    port = free_port()
    variables = {"DATABASE_URL": two_databases[0]}
    server = serving("runserver", str(port), "--workers", "2", port=port, output=subprocess.DEVNULL, **variables)
    reads = [path for path in READS if "products" not in path]
    headers = {"Authorization": f"Bearer {token_of('ada')}"}
    with server:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, limits=APART) as client:
            before = await asyncio.gather(*(client.get(path) for path, _ in zip(cycle(reads), range(40), strict=False)))
            assert {answer.status_code for answer in before} == {200}
            (own,) = [one for one in (await client.get("/api/auth/sessions")).json()["items"] if one["is_current"]]
            assert (await client.delete(f"/api/auth/sessions/{own['id']}")).status_code == 204
            after = await asyncio.gather(*(client.get(path) for path, _ in zip(cycle(reads), range(60), strict=False)))
            written = await asyncio.gather(
                *(client.patch("/api/posts/2", json={"title": "x"}) for _ in range(10)),
                *(client.delete("/api/posts/101") for _ in range(10)),
            )
    assert {answer.status_code for answer in (*after, *written)} == {401}
