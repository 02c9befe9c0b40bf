"""The comparison of two roads fails where they differ, in whatever it may be."""

import pytest
from fastapi import FastAPI, Response

from tests.contract.roads.asgi import Request
from tests.contract.roads.site import Road, Roads

MOMENTS = '{{"created_at": "2999-01-01T00:00:00.{0}Z", "updated_at": "2999-01-01T00:00:00.{1}Z"}}'.format
TAGS = [f'"{letter * 16}-{letter * 16}"' for letter in "ab"]


def tagged(*tags: str) -> list[Response]:
    return [Response(headers={"ETag": tag}) for tag in tags]


def answering(*answers: Response) -> Road:
    app, waiting = FastAPI(), iter(answers)
    app.get("/")(lambda: next(waiting))
    return Road(app)


async def compare(fast: list[Response], usual: list[Response]) -> int:
    """Return how many answers were compared; raise AssertionError where they differ."""
    roads = Roads(answering(*fast), answering(*usual))
    return len(await roads.compare([Request(name="read", method="GET", target="/")] * len(fast)))


@pytest.mark.parametrize(
    ("fast", "usual"),
    [
        ([Response("a")], [Response("b")]),
        ([Response("a")], [Response("a", status_code=201)]),
        ([Response("a", headers={"X-Found": "1"})], [Response("a", headers={"X-Found": "2"})]),
        ([Response("a", headers={"X-Found": "1"})], [Response("a")]),
        ([Response(MOMENTS("100000", "100000"))], [Response(MOMENTS("100000", "200000"))]),
        (tagged(*TAGS), tagged(TAGS[0], TAGS[0])),
    ],
)
async def test_what_differs_is_told(fast, usual):
    with pytest.raises(AssertionError, match="differ:"):
        await compare(fast, usual)


async def test_what_has_to_differ_may():
    assert await compare([Response(MOMENTS("100000", "300000"))], [Response(MOMENTS("200000", "400000"))]) == 1
    assert await compare(tagged(*TAGS), tagged(*reversed(TAGS))) == 2
