"""The fast road is the shorter one: no operation sends more statements there, and what people pay for few."""

import pytest

from dovetail.testing.statements import counted_statements
from tests.contract.roads.asgi import Request
from tests.contract.roads.callers import NOBODY, OWNER, bearer
from tests.contract.roads.operations import JSON, Catalogue
from tests.contract.roads.site import Road, Roads


async def test_no_operation_costs_more_statements_on_the_fast_road(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    callers = (NOBODY, OWNER, bearer("nobody"))
    requests = [catalogue.request(one, "counted", caller) for one in catalogue.operations for caller in callers]
    dearer = {}
    for request in requests:
        counts = [await count(road, request) for road in roads]
        if counts[0] > counts[1]:
            dearer[f"{request.name} {request.headers}"] = counts
    assert not dearer
    await roads.compare_rows()


# The operations of the benchmark that bring a token: at most as many statements as its goals allow.
@pytest.mark.parametrize(
    ("goal", "sqlite", "postgresql", "method", "target"),
    [
        ("W1t", 1, 1, "GET", "/api/posts/2"),
        ("W2t", 2, 2, "GET", "/api/posts?limit=20"),
        ("W2t, deeper", 2, 2, "GET", "/api/posts?limit=20&offset=5"),
        # SQLite has no SHA-256, by which a version is compared; its history's line is another statement.
        ("W6", 4, 2, "PATCH", "/api/posts/2"),
    ],
)
async def test_what_is_asked_with_a_token_costs_few_statements(  # noqa: PLR0917 - the figures of a goal
    roads: Roads, database_kind, goal, sqlite, postgresql, method, target
):
    tag = (await roads.fast.send(Request(name=goal, target="/api/posts/2", headers=OWNER))).header("etag")
    headers, parts = (OWNER, ())
    if method == "PATCH":
        headers, parts = (*JSON, *OWNER, (b"if-match", tag.encode())), (b'{"title": "New"}',)
    request = Request(name=goal, method=method, target=target, headers=headers, parts=parts)
    assert await count(roads.fast, request) <= {"sqlite": sqlite, "postgresql": postgresql}[database_kind]
    assert roads.fast.records[-1].status == 200


async def count(road: Road, request: Request) -> int:
    with counted_statements(road.database) as sent:
        await road.send(request)
    return len(sent)
