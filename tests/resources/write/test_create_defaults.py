"""A new row has of who makes it what its body leaves out, alone and in bulk."""

import pytest
from sqlalchemy import select

from dovetail.api.schemas import Schema
from dovetail.errors import ConfigurationError
from dovetail.resources.resource import Resource
from tests.library.api import BookPolicy
from tests.library.models import Book
from tests.library.schemas import BookRead


class Signed(Schema):
    title: str
    author_id: int
    owner_id: int | None = None
    pages: int | None = None


class Unsigned(Schema):
    title: str
    author_id: int


DEFAULTS = {"owner_id": lambda viewer: viewer.id, "pages": lambda viewer: viewer.id * 100}


def rows(**declared):
    given = {"model": Book, "read": BookRead, "policy": BookPolicy(), "name": "row", "create_defaults": DEFAULTS}
    return Resource(**(given | declared))


@pytest.fixture
def stored(database):
    async def stored():
        async with database.unit_of_work() as session:
            return {
                title: (owner, pages)
                for title, owner, pages in await session.execute(select(Book.title, Book.owner_id, Book.pages))
            }

    return stored


async def test_what_a_body_leaves_out_is_that_of_who_makes_the_row(app, owner, author, stored):
    app.include_router(rows(create=Signed).router)
    row = {"author_id": author.id}
    bodies = {"all": {}, "null": {"owner_id": None, "pages": None}, "own": {"owner_id": 1, "pages": 7}}
    for title, body in bodies.items():
        assert (await owner.post("/rows", json=row | {"title": title} | body)).status_code == 201
    items = [row | {"title": f"bulk {title}"} | body for title, body in bodies.items()]
    assert (await owner.post("/rows/bulk", json={"items": items})).status_code == 201
    expected = {"all": (1, 100), "null": (1, None), "own": (1, 7)}
    assert await stored() == expected | {f"bulk {title}": pair for title, pair in expected.items()}


async def test_nobody_sends_what_no_schema_has(app, owner, author, stored):
    app.include_router(rows(create=Unsigned).router)
    row = {"title": "x", "author_id": author.id}
    assert (await owner.post("/rows", json=row | {"owner_id": 1})).status_code == 422
    assert (await owner.post("/rows", json=row)).json()["pages"] == 100
    assert await stored() == {"x": (1, 100)}


async def test_the_rule_is_asked_of_the_row_as_it_is_with_its_defaults(app, owner, author, stored):
    app.include_router(rows(create=Signed, create_defaults={"owner_id": lambda viewer: viewer.id + 1}).router)
    row = {"title": "x", "author_id": author.id}
    assert (await owner.post("/rows", json=row)).status_code == 403
    assert (await owner.post("/rows/bulk", json={"items": [row]})).status_code == 403
    assert await stored() == {}


async def test_a_key_that_leads_nowhere_is_told_by_its_field(app, owner, author, stored):
    app.include_router(rows(create=Signed).router)
    refused = await owner.post("/rows", json={"title": "x", "author_id": author.id + 1})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (409, ["/author_id"])
    assert await stored() == {}


class Needless(Schema):
    title: str
    owner_id: int


async def create(session, viewer, data):
    return {}


async def slow(viewer):
    return 1


REFUSED = [
    ({"create_defaults": {"onwer_id": int}}, "row: create_defaults names 'onwer_id', which is not a column of Book"),
    ({"create_defaults": {"owner_id": 7}}, "row: create_defaults['owner_id'] is 7, expected def (viewer)"),
    ({"create_defaults": {"owner_id": slow}}, "row: create_defaults['owner_id'] cannot be async"),
    ({"create_defaults": {"owner_id": lambda: 1}}, "row: create_defaults['owner_id'] cannot be called"),
    (
        {"create_defaults": {"owner_id": Book.id}},
        "row: create_defaults['owner_id'] is Book.id, and who writes is Viewer",
    ),
    ({"create": Needless}, "Needless.owner_id always has a value, and the one of create_defaults would never be used"),
    ({"create": None}, "row: create_defaults is given, and no schema `create`; it is never used"),
    ({"create_with": create}, "row: create_with gives all values of a new row"),
]


@pytest.mark.parametrize(("declared", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_would_never_be_used_is_refused(declared, said):
    with pytest.raises(ConfigurationError) as refused:
        rows(**({"create": Signed} | declared))
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
