"""What goes wrong below an endpoint is told alike on both roads, and leaves the same rows behind."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import ColumnElement, text, true

from tests.contract.roads.asgi import Request
from tests.contract.roads.callers import NOBODY, OTHER, OWNER, STAFF
from tests.contract.roads.operations import JSON, Catalogue
from tests.contract.roads.shop.policies import NotePolicy
from tests.contract.roads.site import Road, Roads, both_roads

A_FEW = ("get_post", "list_posts", "list_tag_posts", "create_post", "update_post", "delete_post", "replace_product")
TAKEN = b'{"name": "Product a/b", "price": 1, "vendor_id": 1}'
FAILING = (
    ("POST", "/api/products", OWNER, b'{"sku": "plain", "name": "New", "price": 1, "vendor_id": 1}', 409),
    ("POST", "/api/products", OWNER, TAKEN[:-1] + b', "sku": "new"}', 409),
    ("PUT", "/api/products/plain", OWNER, TAKEN, 409),
    ("PATCH", "/api/products/plain", OWNER, b'{"name": "Product a/b"}', 409),
    ("PATCH", "/api/products/plain", OWNER, b'{"vendor_id": 999}', 409),
    ("PATCH", "/api/products/plain", OWNER, b'{"vendor_id": 999, "labels": ["newer"]}', 409),
    ("POST", "/api/products", OWNER, b'{"sku": "new", "name": "New", "price": 1, "vendor_id": 999}', 422),
    ("POST", "/api/products", OWNER, b'{"sku": "new", "name": "forbidden", "price": 1, "vendor_id": 1}', 403),
    ("PATCH", "/api/products/plain", OWNER, b'{"is_listed": false}', 403),
    ("DELETE", "/api/products/a%23b", OTHER, None, 404),
    ("DELETE", "/api/products/%25252F", OTHER, None, 404),
    ("PATCH", "/api/labels/1", STAFF, b'{"name": "a/b"}', 409),
    ("POST", "/api/labels", STAFF, b'{"name": "a/b"}', 409),
    ("DELETE", "/api/vendors/1", STAFF, None, 409),
    ("POST", "/api/stamps", NOBODY, b'{"motif": "Motif 1"}', 409),
    ("PATCH", "/api/notes/1", OWNER, b'{"text": "explode"}', 500),
    ("POST", "/api/books", ((b"x-viewer", b"1"),), b'{"title": "x", "author_id": 999}', 409),
    ("GET", "/api/books", ((b"x-viewer", b"one"),), None, 500),
    ("PATCH", "/api/books/1", ((b"x-viewer", b"one"),), b"{}", 500),
)


@pytest.mark.parametrize("twice", [False, True])
async def test_what_the_database_or_a_hook_refuses_is_told_alike(roads: Roads, twice):
    requests = [
        Request(
            name=str(status),
            method=method,
            target=target,
            headers=caller if body is None else (*JSON, *caller),
            parts=() if body is None else (body,),
        )
        for method, target, caller, body, status in FAILING
        for _ in range(1 + twice)
    ]
    found = await roads.compare(requests)
    await roads.compare_rows()
    assert [(one.request.target, one.status) for one in found if one.status != int(one.request.name)] == []


async def test_a_rule_that_raises_is_told_alike(roads: Roads, monkeypatch):
    def broken(_policy: NotePolicy, _viewer: object, action: str) -> ColumnElement[bool]:
        if action == "view":
            return true()
        raise ZeroDivisionError("The policy has a mistake.")

    monkeypatch.setattr(NotePolicy, "where", broken)
    headers = (*JSON, *OWNER)
    requests = [
        Request(name="change", method="PATCH", target="/api/notes/2", headers=headers, parts=(b'{"text": "x"}',)),
        Request(name="delete", method="DELETE", target="/api/notes/2", headers=OWNER),
        Request(name="add", method="POST", target="/api/notes", headers=headers, parts=(b'{"text": "x"}',)),
    ]
    found = await roads.compare(requests)
    await roads.compare_rows()
    assert [one.status for one in found] == [500, 500, 500]


async def test_an_exhausted_pool_is_told_alike(two_databases):
    async with both_roads(*two_databases, database_pool_size=1, database_pool_timeout=0.05) as roads:
        catalogue = Catalogue(roads.fast.app)
        requests = [catalogue.request(one, "no connection", OWNER) for one in catalogue.named(*A_FEW)]

        async def drive(road: Road) -> None:
            async with road.database.engine.connect():
                for request in requests:
                    record = await road.send(request)
                    record.log = [line.split("QueuePool")[0] for line in record.log]
            for request in requests:
                await road.send(request)

        found = await roads.play(drive)
        await roads.compare_rows()
    half = len(found) // 2
    assert {record.status for record in found[:half]} == {503}
    assert {record.status for record in found[half:]} == {200, 201, 204}


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_lost_connections_are_survived_alike(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    requests = [catalogue.request(one, "lost", OWNER) for one in catalogue.named(*A_FEW)]

    async def drive(road: Road) -> None:
        for request in requests:
            await road.send(Request(name="before", target="/api/posts?limit=1", headers=OWNER))
            await lose_connections(road)
            await road.send(request)

    found = await roads.play(drive)
    await roads.compare_rows()
    assert {record.status for record in found} == {200, 201, 204}


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("table", ["auth_user", "blog_post"])
async def test_a_table_that_was_changed_is_read_and_written_alike(roads: Roads, table):
    catalogue = Catalogue(roads.fast.app)
    requests = [catalogue.request(one, "changed", OWNER) for one in catalogue.named(*A_FEW) for _ in range(2)]
    column = {"auth_user": "full_name", "blog_post": "title"}[table]

    async def drive(road: Road) -> None:
        for number, request in enumerate(requests):
            async with road.database.engine.begin() as connection:
                await connection.execute(text(f"ALTER TABLE {table} ALTER {column} TYPE varchar({300 + number})"))
            record = await road.send(request)
            # Which statements a road had prepared before is its own matter.
            record.log = [line for line in record.log if "prepared statement became invalid" not in line]

    found = await roads.play(drive)
    await roads.compare_rows()
    assert {record.status for record in found} == {200, 201, 204}


async def lose_connections(road: Road) -> None:
    """End the server's side of every other connection, as a restart does."""
    others = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(road.database.outside_the_pool())
        await session.execute(others)
    await asyncio.sleep(0)
