"""Bodies that are not shaped as the tables are: their limits, what errors point to, and what is answered once more."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Request
from pydantic import MISSING, Field
from starlette.responses import Response

from dovetail.api.schemas import Schema
from dovetail.application import make_application
from dovetail.database.session import SessionDep
from dovetail.errors import InvalidInputError, NotFoundError
from dovetail.resources.resource import ONCE, Envelope, From, Resource, find_or_make
from dovetail.testing.fixtures import make_client, running
from tests.library.api import Viewer
from tests.library.models import Book, Genre
from tests.resources.test_shapes import ForTheFirst, ShelfRead, ShelfReplace


class Known(ForTheFirst):
    def identity(self, viewer: Viewer | None) -> str | None:
        return None if viewer is None else str(viewer.id)

    def read_only(self, viewer: Viewer | None) -> frozenset[str]:
        return frozenset({"is_hidden"})


class LabelRead(Schema):
    text: Annotated[str, From("name")]


class LabelCreate(Schema):
    name: Annotated[str, Field(alias="text")]
    is_hidden: Annotated[bool | MISSING, Field(alias="isHidden")] = MISSING


class LabelUpdate(Schema):
    name: Annotated[str | MISSING, Field(alias="text")] = MISSING


POLICY = Known()
LABELS = Resource(
    model=Genre,
    read=LabelRead,
    create=LabelCreate,
    update=LabelUpdate,
    lookup="name",
    name="label",
    policy=POLICY,
    envelope=Envelope(item='the "label"'),
)


class TaleRead(Schema):
    id: int
    kinds: Annotated[list[str], From("genres__name")]


class TaleCreate(Schema):
    title: str
    author_id: int
    genres: Annotated[list[str], Field(alias="kinds")]


TALES = Resource(model=Book, read=TaleRead, create=TaleCreate, name="tale", policy=POLICY, links={"genres": Genre.name})


async def _needs_a_plank(_session: object, _viewer: Viewer, _item: Genre, data: ShelfReplace) -> None:
    if data.is_hidden:
        raise NotFoundError("There is no plank.")


PLANKS = Resource(
    model=Genre,
    read=ShelfRead,
    replace=ShelfReplace,
    update_with=_needs_a_plank,
    put_creates=True,
    name="plank",
    lookup="name",
    policy=ForTheFirst(),
)
own = APIRouter()


@own.post("/own-labels", openapi_extra=ONCE)
async def make_own(request: Request, session: SessionDep, viewer: POLICY.writer) -> Response:
    async def make() -> Response:
        session.add(Genre(name="own"))
        await session.flush()
        return await LABELS.respond(request, session, viewer, "own", status=201)

    return await LABELS.respond_once(request, session, viewer, make)


@pytest.fixture
async def site(on_road, library_settings, author):
    app = on_road(make_application(library_settings))
    for router in (LABELS.router, TALES.router, PLANKS.router, own):
        app.include_router(router, prefix="/api")
    async with running(app), make_client(app, {"X-Viewer": "1"}) as client:
        yield client


async def test_a_name_of_a_linked_row_keeps_within_its_column(site, author, session):
    tale = {"title": "x", "author_id": author.id}
    made = await site.post("/api/tales", json=tale | {"kinds": ["k" * 50]})
    assert (made.status_code, made.json()["kinds"]) == (201, ["k" * 50])
    refused = await site.post("/api/tales", json=tale | {"kinds": ["k", "k" * 51]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/kinds/1")
    with pytest.raises(InvalidInputError, match="expected 50 characters at most"):
        await find_or_make(session, Genre.name, ["k" * 51])


async def test_an_error_points_to_what_was_sent(site):
    async def pointer(method: str, path: str, body: object, status: int = 422) -> str:
        answer = await site.request(method, f"/api/labels{path}", json=body)
        assert answer.status_code == status, answer.text
        (error,) = answer.json()["errors"]
        return error["pointer"]

    def wrapped(**fields: object) -> dict[str, object]:
        return {'the "label"': fields}

    made = await site.post("/api/labels", json=wrapped(text="one"))
    assert (made.status_code, made.json()) == (201, wrapped(text="one"))
    assert await pointer("POST", "", wrapped(text="a/b")) == '/the "label"/text'
    assert await pointer("PATCH", "/one", wrapped(text="..")) == '/the "label"/text'
    assert await pointer("POST", "", wrapped(text="two", isHidden=True), 403) == '/the "label"/isHidden'
    assert await pointer("POST", "/bulk", {"items": [{"text": "two"}, {"text": "a/b"}]}) == "/items/1/text"


async def test_what_an_endpoint_answers_by_a_lookup_is_answered_again(site):
    first, again = [await site.post("/api/own-labels", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert (first.status_code, first.headers["Location"]) == (201, "/api/labels/own")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_put_whose_hook_finds_something_missing_makes_no_row(site):
    assert (await site.put("/api/planks/oak", json={"is_hidden": False})).status_code == 201
    refused = await site.put("/api/planks/oak", json={"is_hidden": True})
    assert (refused.status_code, refused.json()["detail"]) == (404, "There is no plank.")


def test_an_envelope_takes_any_name():
    for name in ("copy", "_x", "a-b", 'a"b', "model_config"):
        envelope = Envelope(item=name, total=name)
        around = envelope.around(LabelRead)
        assert envelope.unwrapped(around.model_validate_json(envelope.wrapped(b'{"text":"x"}'))).text == "x"
        assert list(around.model_json_schema()["properties"]) == [name]
        assert list(envelope.page_of(LabelRead).model_json_schema()["properties"])[1] == name
