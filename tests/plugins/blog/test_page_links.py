"""Pages by offset, their links, and what the URL of a list may say, on a list of tags."""

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from dovetail.api.schemas import Schema
from dovetail.resources.policy import ReadOnly
from dovetail.resources.resource import Resource
from plugins.blog.models import Tag
from tests.once import asks_no_database
from tests.walking import pages

NAMES = [f"tag {number:02}" for number in range(7)]


class Item(Schema):
    id: int
    name: str


tags = Resource(
    model=Tag,
    read=Item,
    policy=ReadOnly(),
    filters={"name": "icontains"},
    ordering=("name", "id"),
    default_ordering="name",
)
router = APIRouter()
tags.add_list(router, "/{anything:path}/items", name="list_items")


@pytest.fixture
async def items(app: FastAPI, client: httpx.AsyncClient, session) -> httpx.AsyncClient:
    app.include_router(router, prefix="/test")
    session.add_all(Tag(id=key, name=name) for key, name in enumerate([*NAMES, "50% off", "snake_case"], 1))
    await session.commit()
    return client


async def names(client: httpx.AsyncClient, query: str) -> list[str]:
    answer = await client.get(f"/test/x/items?{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@asks_no_database
async def test_a_parameter_that_comes_twice_is_refused(items):
    answer = await items.get("/test/any/items?limit=5&limit=6")
    assert answer.status_code == 422
    assert [(error["pointer"], error["type"]) for error in answer.json()["errors"]] == [("limit", "repeated")]


@asks_no_database
async def test_an_unknown_ordering_is_quoted_briefly(items):
    answer = await items.get("/test/any/items?ordering=" + "x" * 500 + "%07")
    (error,) = answer.json()["errors"]
    assert "x" * 50 + "…" in error["detail"]
    assert len(error["detail"]) < 200


async def test_following_next_visits_every_item_once_and_previous_leads_back(items):
    seen = []
    async for answer in pages(items.get, "/test/x/items?limit=4&name__icontains=tag"):
        last = answer.json()
        seen += [item["name"] for item in last["items"]]
    assert seen == NAMES
    first = (await items.get(last["previous"])).json()
    assert [item["name"] for item in first["items"]] == NAMES[:4]
    assert first["previous"] is None


async def test_a_full_last_page_has_no_next(items):
    page = (await items.get("/test/x/items?limit=7&name__icontains=tag")).json()
    assert len(page["items"]) == 7
    assert page["next"] is None


async def test_the_total_is_null_unless_asked_for(items):
    assert (await items.get("/test/x/items?limit=2")).json()["total"] is None
    assert (await items.get("/test/x/items?limit=2&count=true")).json()["total"] == 9
    assert (await items.get("/test/x/items?limit=2&count=true&name__icontains=tag")).json()["total"] == 7


async def test_links_keep_every_other_parameter(items):
    page = (await items.get("/test/x/items?name__icontains=tag&ordering=-name&limit=2&offset=2&count=true")).json()
    kept = {"name__icontains": ["tag"], "ordering": ["-name"], "limit": ["2"], "count": ["true"]}
    assert parse_qs(urlsplit(page["next"]).query) == kept | {"offset": ["4"]}
    assert parse_qs(urlsplit(page["previous"]).query) == kept | {"offset": ["0"]}


PARTS = ["100%25", "c%23", "what%3F", "a%20b", "%C3%A9t%C3%A9", "a%26b%3Dc"]


async def test_links_work_whatever_stands_in_the_path(items):
    for part in PARTS:
        page = (await items.get(f"/test/{part}/items?limit=1")).json()
        assert page["next"].startswith(f"http://testserver/test/{part}/items?")
        assert (await items.get(page["next"])).status_code == 200, part


async def test_the_widest_page_and_the_deepest_offset_answer(items):
    assert len(await names(items, "limit=100")) == 9
    deepest = (await items.get(f"/test/x/items?offset={2**63 - 1}")).json()
    assert deepest["items"] == []
    assert deepest["next"] is None


REFUSED = [
    ("limit=0", "limit"),
    ("limit=101", "limit"),
    ("limit=ten", "limit"),
    ("limit=", "limit"),
    ("offset=-1", "offset"),
    (f"offset={2**63}", "offset"),
    ("offset=" + "9" * 5000, "offset"),
    ("count=maybe", "count"),
    ("ordering=secret", "ordering"),
    ("ordering=--name", "ordering"),
    ("ordering=", "ordering"),
    ("ordering=name,-name", "ordering"),
    ("nmae__icontains=x", "nmae__icontains"),
    ("name__icontains__=x", "name__icontains__"),
]


@asks_no_database
async def test_a_parameter_that_is_wrong_or_unknown_is_refused_by_name(items):
    for query, parameter in REFUSED:
        answer = await items.get(f"/test/x/items?{query}")
        assert answer.status_code == 422, query
        assert parameter in json.dumps(answer.json()), query


async def test_wildcards_stand_for_themselves(items):
    assert await names(items, "name__icontains=%25") == ["50% off"]
    assert await names(items, "name__icontains=_") == ["snake_case"]
    assert await names(items, "name__icontains=/") == []
    assert await names(items, "name__icontains=OFF") == ["50% off"]


async def test_ordering_goes_by_several_fields_and_both_ways(items):
    assert await names(items, "name__icontains=tag&ordering=-name") == NAMES[::-1]
    assert await names(items, "name__icontains=tag&ordering=-id,name") == NAMES[::-1]
    assert await names(items, "name__icontains=tag&ordering=name, id") == NAMES


async def test_a_query_string_that_is_not_text_is_refused(items):
    answer = await items.get("/test/x/items?limit=1&name__icontains=%FF")
    assert answer.status_code == 400
