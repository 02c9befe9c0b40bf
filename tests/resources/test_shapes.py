"""Answers that are not shaped as the tables are: other names, flattened relations, lists of values, expressions for who
asks, keys that clients use, and envelopes; on both roads, and as the ORM reads them."""

from typing import Annotated

import pytest
from pydantic import MISSING, ConfigDict, Field, field_serializer
from pydantic.alias_generators import to_camel
from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import aliased

from dovetail.api.schemas import Filter, Schema, UTCTime
from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open, ReadOnly
from dovetail.resources.resource import Envelope, From, Resource
from dovetail.testing.fixtures import make_client, running
from dovetail.testing.statements import counted_statements
from tests.library.api import BookPolicy, Viewer
from tests.library.models import Author, Book, Genre, Loan, Review
from tests.once import asks_no_database


def is_mine(viewer: Viewer | None) -> ColumnElement[bool]:
    return false() if viewer is None else Book.owner_id == viewer.id


def review_count(viewer: Viewer | None) -> ColumnElement[int]:
    return select(func.count()).where(Review.book_id == Book.id).scalar_subquery()


def books_for(viewer: Viewer | None) -> ColumnElement[int]:
    """How many books an author has that belong to who asks."""
    mine = aliased(Book)
    found = select(func.count()).where(mine.author_id == Author.id)
    return found.where(mine.owner_id == (0 if viewer is None else viewer.id)).scalar_subquery()


class Card(Schema):
    model_config = ConfigDict(alias_generator=to_camel)

    full_name: Annotated[str, From("name")]
    book_count: Annotated[int, From(books_for)]


class ShortRead(Schema):
    model_config = ConfigDict(alias_generator=to_camel)

    title: str
    created_at: UTCTime
    is_mine: Annotated[bool, From(is_mine)]
    genre_list: Annotated[list[str], From("genres__name")]


class ShapedRead(ShortRead):
    writer_name: Annotated[str | None, From("author__name")]
    born_in: Annotated[str | None, From("translator__name")]
    review_count: Annotated[int, From(review_count)]
    by: Annotated[Card, From("author")]


class Loud(ShapedRead):
    @field_serializer("title")
    def shouted(self, title: str) -> str:
        return title


class ShapedCreate(Schema):
    title: str
    author_id: Annotated[int, Field(alias="authorId")]
    genres: Annotated[list[str], Field(alias="genreList")] = []  # noqa: RUF012 - pydantic copies it


class ShapedUpdate(Schema):
    title: str | MISSING = MISSING
    genres: Annotated[list[str] | MISSING, Field(alias="genreList")] = MISSING


class BookPolicyOfWriters(BookPolicy):
    """Shows the authors of all books to everybody, and hides nothing that is not there."""

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:
        return frozenset({"author.name"}) if viewer is not None and viewer.id == 7 else frozenset()


POLICY = BookPolicyOfWriters()


async def new_book(_session: object, viewer: Viewer, data: ShapedCreate) -> dict[str, object]:
    return {**data.model_dump(exclude={"genres"}), "owner_id": viewer.id}


def shaped(name: str, read: type[Schema]) -> Resource:
    return Resource(
        model=Book,
        name=name,
        read=read,
        listed=ShortRead if read is ShapedRead else None,
        create=ShapedCreate,
        update=ShapedUpdate,
        create_with=new_book,
        update_method="PUT",
        policy=POLICY,
        envelope=Envelope(item="book", items="books", total="bookCount", next="", previous="", counts=True),
        filters={
            "genre": Filter("iexact", path="genres__name"),
            "writer": Filter("exact", "icontains", path="author__name"),
            "genreList": "exact",
            "createdAt": "gte",
        },
        ordering=("createdAt", "title"),
        default_ordering="-createdAt",
        links={"genres": Genre.name},
    )


GENRES = Resource(
    model=Genre,
    fields=("name",),
    name="kind",
    lookup="name",
    reserved={"best"},
    policy=Open(),
    ordering=("name",),
)


class ShelfRead(Schema):
    name: str
    is_hidden: bool


class ShelfReplace(Schema):
    is_hidden: bool


class ForTheFirst(BookPolicy):
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        return true() if viewer is not None and (viewer.id == 1 or action == "view") else false()

    def related(self, viewer: Viewer | None) -> dict[str, ColumnElement[bool]]:
        return {}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:
        return frozenset()


SHELVES = Resource(
    model=Genre,
    read=ShelfRead,
    replace=ShelfReplace,
    put_creates=True,
    name="shelf",
    plural="shelves",
    lookup="name",
    policy=ForTheFirst(),
)


@pytest.fixture
async def site(on_road, library_settings, author):
    app = on_road(make_application(library_settings))
    for resource in (shaped("shaped", ShapedRead), shaped("loud", Loud), GENRES, SHELVES):
        app.include_router(resource.router, prefix="/api")
    async with running(app), make_client(app, {"X-Viewer": "1"}) as client:
        client.database = app.state.database
        yield client


@pytest.mark.parametrize("name", ["shaped", "loud"])  # as a statement reads it, and the ORM
async def test_an_answer_has_the_names_and_the_shape_of_its_schema(site, author, name):
    url = f"/api/{name}s"
    sent = {"title": "Alpha", "authorId": author.id, "genreList": ["b", "a", "b"]}
    made = await site.post(url, json={"book": sent})
    assert made.status_code == 201, made.text
    book = made.json()["book"]
    assert book | {"createdAt": ""} == {
        "title": "Alpha",
        "createdAt": "",
        "isMine": True,
        "genreList": ["a", "b"],
        "writerName": "Ada",
        "bornIn": None,
        "reviewCount": 0,
        "by": {"fullName": "Ada", "bookCount": book["by"]["bookCount"]},
    }
    assert book["by"]["bookCount"] >= 1
    place = made.headers["Location"]
    assert (await site.get(place)).json() == made.json()
    for body, pointer in (({"title": "x"}, "/book"), ({"book": {"title": 1, "authorId": author.id}}, "/book/title")):
        refused = await site.post(url, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)

    stranger = (await site.get(place, headers={"X-Viewer": "2"})).json()["book"]
    assert stranger == book | {"isMine": False, "by": {"fullName": "Ada", "bookCount": 0}}
    hidden = (await site.get(place, headers={"X-Viewer": "7"})).json()["book"]
    assert "writerName" not in hidden
    assert hidden["by"] == {"bookCount": 0}

    changed = await site.put(place, json={"book": {"genreList": ["c"]}})
    assert changed.json()["book"] == book | {"genreList": ["c"]}
    renamed = await site.put(place, json={"book": {"title": "Beta"}})
    assert renamed.json()["book"] == book | {"genreList": ["c"], "title": "Beta"}
    assert (await site.patch(place, json={"book": {"title": "Beta"}})).status_code == 405

    some = await site.get(f"{place}?fields=isMine,by.fullName,genreList")
    assert some.json() == {"book": {"isMine": True, "genreList": ["c"], "by": {"fullName": "Ada"}}}
    assert (await site.get(f"{place}?fields=is_mine")).status_code == 422


@pytest.mark.parametrize("name", ["shaped", "loud"])  # as above
async def test_a_list_knows_the_names_that_clients_know(site, author, name):
    for title, genres in (("One", ["Prose"]), ("Two", ["Prose", "Verse"]), ("Three", [])):
        await site.post("/api/louds", json={"book": {"title": title, "authorId": author.id, "genreList": genres}})
    url = f"/api/{name}s"

    async def titles(query: str) -> tuple[list[str], int | None]:
        answer = await site.get(url + query)
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["books", "bookCount"]
        return [book["title"] for book in answer.json()["books"]], answer.json()["bookCount"]

    assert await titles("?ordering=createdAt") == (["One", "Two", "Three"], 3)
    assert await titles("?genre=prose&ordering=title&limit=1") == (["One"], 2)
    assert await titles("?genreList=Verse") == (["Two"], 1)
    assert await titles("?writer=Ada&ordering=-title&count=false") == (["Two", "Three", "One"], None)
    assert await titles("?writer__icontains=x") == ([], 0)
    assert await titles("?createdAt__gte=2100-01-01T00:00:00Z") == ([], 0)
    (first, *_) = (await site.get(f"{url}?ordering=createdAt")).json()["books"]
    assert ("writerName" in first) is (name == "loud")
    for wrong in ("genres__name=x", "created_at__gte=2026-01-01", "ordering=created_at", "genre__iexact=x"):
        assert (await site.get(f"{url}?{wrong}")).status_code == 422


async def test_clients_know_a_row_by_a_column_that_they_may_change(site, session):
    made = await site.post("/api/kinds", json={"name": "Épic / 100%"[:4]})
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == "/api/kinds/%C3%89pic"
    assert (await site.get("/api/kinds/%C3%89pic")).json() == made.json()
    tagged = await site.patch("/api/kinds/Épic", json={"name": "1"}, headers={"If-Match": made.headers["ETag"]})
    assert tagged.json() == made.json() | {"name": "1"}
    assert (await site.get("/api/kinds/Épic")).status_code == 404
    assert (await site.patch("/api/kinds/1", json={"name": "x"}, headers={"If-Match": '"old"'})).status_code == 412
    renamed = await site.patch("/api/kinds/1", json={"name": "100%?#"})
    assert (await site.get("/api/kinds/100%25%3F%23")).json() == renamed.json()

    for wrong in ("a/b", ".", "..", "bulk", "best"):
        for refused in (
            await site.post("/api/kinds", json={"name": wrong}),
            await site.patch("/api/kinds/100%25%3F%23", json={"name": wrong}),
            await site.post("/api/kinds/bulk", json={"items": [{"name": wrong}]}),
        ):
            assert (refused.status_code, refused.json()["errors"][0]["pointer"][-5:]) == (422, "/name"), wrong
    taken = await site.post("/api/kinds", json={"name": "100%?#"})
    assert taken.status_code == 409

    assert (await site.delete("/api/kinds/unknown")).status_code == 404
    assert (await site.delete("/api/kinds/100%25%3F%23")).status_code == 204
    assert (await session.scalars(select(Genre))).all() == []


@pytest.mark.parametrize("site", ["fast"], indirect=True)
async def test_relations_lists_and_expressions_are_read_in_one_statement(site, author):
    sent = {"book": {"title": "Alpha", "authorId": author.id, "genreList": ["a"]}}
    place = (await site.post("/api/shapeds", json=sent)).headers["Location"]
    for url, most in ((place, 1), ("/api/shapeds?count=false", 1), ("/api/shapeds", 2)):
        with counted_statements(site.database) as statements:
            assert (await site.get(url)).status_code == 200
        assert len(statements) == most, statements


async def test_a_put_makes_the_row_that_there_is_none_of_where_that_is_allowed(site):
    url = "/api/shelves/caf%C3%A9"
    stale = await site.put(url, json={"is_hidden": True}, headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    made = await site.put(url, json={"is_hidden": True})
    assert (made.status_code, made.headers["Location"]) == (201, url)
    assert made.json() == {"name": "café", "is_hidden": True}
    again = await site.put(url, json={"is_hidden": False})
    assert (again.status_code, again.json()) == (200, {"name": "café", "is_hidden": False})
    assert (await site.get(url)).json() == again.json()
    assert (await site.put("/api/shelves/bulk", json={"is_hidden": False})).status_code == 422
    assert (await site.put("/api/shelves/other", json={})).status_code == 422
    assert (
        await site.put("/api/shelves/other", json={"is_hidden": True}, headers={"X-Viewer": "2"})
    ).status_code == 403
    assert (await site.patch("/api/shelves/other", json={"is_hidden": True})).status_code in {404, 405}


@asks_no_database
@pytest.mark.parametrize("site", ["fast"], indirect=True)
async def test_the_document_tells_of_envelopes_and_of_the_key(site):
    document = (await site.get("/openapi.json")).json()
    schemas, paths = document["components"]["schemas"], document["paths"]
    assert list(paths["/api/kinds/{kind_name}"]) == ["get", "patch", "delete"]
    assert set(paths["/api/shapeds/{shaped_id}"]) == {"get", "put", "delete"}
    assert list(schemas["ShortPage"]["properties"]) == ["books", "bookCount"]
    assert list(schemas["ShapedCreateEnvelope"]["properties"]) == ["book"]
    parameters = {one["name"]: one for one in paths["/api/shapeds"]["get"]["parameters"]}
    names, count = list(parameters), parameters["count"]["schema"]["default"]
    assert count == "true"
    assert names[:5] == ["genre", "writer", "writer__icontains", "genreList", "createdAt__gte"]


def no_viewer() -> ColumnElement[bool]:
    return false()


class Blind(Schema):
    mine: Annotated[bool, From(no_viewer)]


class Nowhere(Schema):
    name: Annotated[str, From("translator__name")]


class Several(Schema):
    name: Annotated[str, From("genres__name")]


class Deep(Schema):
    name: Annotated[list[str], From("reviews__reviewer__name")]


class Lost(Schema):
    name: Annotated[str, From("author__nane")]


REFUSED = [
    ({"read": Blind}, "the field from no_viewer cannot be called"),
    ({"read": Nowhere}, "'translator__name' may lead nowhere, so it has to allow null"),
    ({"read": Several}, "'genres__name' leads to several rows, expected a list"),
    ({"read": Deep}, "expected one relation in front of the column"),
    ({"read": Lost}, "'author__nane' leads nowhere"),
    ({"lookup": "title"}, "of which several rows may have the same value"),
    ({"lookup": "shout"}, "lookup is 'shout', expected a column of Book"),
    ({"reserved": {"x"}}, "reserved names keys of a `lookup`, and there is none"),
    ({"links": {"genres": Author.name}}, "expected a unique column of Genre"),
    ({"update_method": "PUT", "replace": ShapedCreate, "create_with": new_book}, "update_method has to be PATCH"),
    ({"put_creates": True}, "give that, and no create_with"),
    ({"put_creates": True, "replace": ShapedCreate}, "the database counts up"),
    ({"put_creates": True, "replace": ShapedCreate, "without": {"replace"}}, "makes a row of the body of `replace`"),
    ({"update_method": "PUT"}, "there is no `update` to be sent by PUT"),
    ({"filters": {"title": "exact", "name": Filter("exact", path="titel")}}, "'titel' leads nowhere"),
]


@pytest.mark.parametrize(("declared", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_would_not_work_is_refused_when_the_resource_is_made(declared, said):
    with pytest.raises(ConfigurationError) as refused:
        Resource(**({"model": Book, "read": ShortRead, "policy": ReadOnly()} | declared))

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_envelope_has_items_and_each_name_once():
    for wrong in ({"items": ""}, {"items": "total"}):
        with pytest.raises(ConfigurationError, match="expected one for items, and each once"):
            Envelope(**wrong)
    assert Resource(model=Loan, fields=("borrower",), policy=Open()).envelope == Envelope()
