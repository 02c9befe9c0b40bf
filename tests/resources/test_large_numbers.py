"""Whole numbers beyond 2**53, which JavaScript rounds: exact in JSON, and texts where a schema says so."""

import pytest
from fastapi import APIRouter
from pydantic import MISSING

from dovetail.api.schemas import BigNumber, Schema
from dovetail.application import make_application
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.testing.fixtures import make_client, running
from tests.library.models import Book

ROUNDED = 2**53 + 1


class TomeRead(Schema):
    id: int
    pages: BigNumber | None


class TomeCreate(Schema):
    title: str
    author_id: int
    pages: BigNumber | None = None


class TomeUpdate(Schema):
    pages: BigNumber | MISSING | None = MISSING


class PlainRead(Schema):
    pages: int | None


tomes = Resource(
    model=Book,
    read=TomeRead,
    create=TomeCreate,
    update=TomeUpdate,
    name="tome",
    policy=Open(),
    filters={"pages": ("exact", "gt")},
    ordering=("pages",),
    unindexed=("pages",),
)
plain = Resource(
    model=Book, read=PlainRead, name="plain_tome", policy=Open(), without=("create", "update", "replace", "delete")
)


@pytest.fixture
async def site(on_road, library_settings, author):
    app = on_road(make_application(library_settings))
    for resource in (tomes, plain):
        router = APIRouter()
        router.include_router(resource.router)
        app.include_router(router, prefix="/api")
    async with running(app) as application, make_client(application) as client:
        yield client, author.id


async def test_a_number_that_javascript_would_round_is_a_text_both_ways(site):
    client, author = site
    made = await client.post("/api/tomes", json={"title": "x", "author_id": author, "pages": str(ROUNDED)})
    assert (made.status_code, made.json()["pages"]) == (201, str(ROUNDED))
    one = f"/api/tomes/{made.json()['id']}"
    assert (await client.get(one)).json()["pages"] == str(ROUNDED)
    changed = await client.patch(one, json={"pages": str(-(2**63))})
    assert changed.json()["pages"] == str(-(2**63))
    assert (await client.patch(one, json={"pages": None})).json()["pages"] is None


async def test_it_is_filtered_and_ordered_as_a_number(site):
    client, author = site
    for pages in (9, ROUNDED, 10):
        await client.post("/api/tomes", json={"title": "x", "author_id": author, "pages": pages})
    found = (await client.get("/api/tomes?ordering=pages")).json()["items"]
    assert [one["pages"] for one in found] == ["9", "10", str(ROUNDED)]
    exact = (await client.get(f"/api/tomes?pages={ROUNDED}")).json()["items"]
    assert [one["pages"] for one in exact] == [str(ROUNDED)]
    assert (await client.get(f"/api/tomes?pages={ROUNDED - 1}")).json()["items"] == []


NO_NUMBERS = ["", "1.0", " 1", "many", "+1", "1_0", str(2**63), "9" * 5000, 1.5, True]


async def test_what_is_no_such_number_is_an_error_of_its_field(site):
    client, author = site
    for wrong in NO_NUMBERS:
        refused = await client.post("/api/tomes", json={"title": "x", "author_id": author, "pages": wrong})
        assert refused.status_code == 422, wrong
        assert {one["pointer"] for one in refused.json()["errors"]} == {"/pages"}, wrong


async def test_a_plain_number_is_written_with_all_its_digits(site):
    client, author = site
    await client.post("/api/tomes", json={"title": "x", "author_id": author, "pages": ROUNDED})
    assert f'"pages":{ROUNDED}' in (await client.get("/api/plain_tomes")).text.replace(" ", "")


async def test_the_document_says_that_it_is_a_text(site):
    client, _ = site
    document = (await client.get("/openapi.json")).json()
    (pages, _null) = document["components"]["schemas"]["TomeRead"]["properties"]["pages"]["anyOf"]
    assert pages["type"] == "string"
    sent = document["components"]["schemas"]["TomeCreate"]["properties"]["pages"]["anyOf"]
    assert {kind["type"] for one in sent for kind in one.get("anyOf", [one])} == {"string", "integer", "null"}
