"""A resource is checked when it is made: what leads nowhere is refused, with what there is instead."""

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dovetail.api.schemas import Filter, Schema
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import ReadOnly
from dovetail.resources.resource import Resource
from tests.library.models import Book, Genre
from tests.library.schemas import BookRead


class PairBase(DeclarativeBase):
    pass


class Pair(PairBase):
    __tablename__ = "library_pair"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)


class PairRead(Schema):
    left: int


async def find(session, names):
    return {}


class Misspelt(Schema):
    titel: str


class Named(Schema):
    name: str


class Vague(Schema):
    author: str


class Endless(Schema):
    replies: list["Endless"]


class EndlessBook(Schema):
    reviews: list[Endless]


REFUSED = [
    ({"filters": {"titel": "exact"}}, "titel"),
    ({"filters": {"title": "like"}}, "expected one of"),
    ({"filters": {"pages": "icontains"}}, "for texts only"),
    ({"filters": {"cover": "exact"}}, "only `isnull`"),
    ({"ordering": ("titel",)}, "titel"),
    ({"ordering": ("genres__name",)}, "a row has several of them"),
    ({"ordering": ("title",), "default_ordering": "-pages"}, "default_ordering names ['pages']"),
    ({"search": ("pages",)}, "it is not a text"),
    ({"search": FullText("author__name")}, "in columns of the model itself"),
    ({"read": Misspelt}, "Misspelt.titel is not a column"),
    ({"read": Vague}, "expected its type to name one schema"),
    ({"read": EndlessBook}, "Endless leads back to Endless"),
    ({"create": Misspelt}, "Misspelt.titel is not a column of Book"),
    ({"default_limit": 101}, "default_limit is 101 and maximum_limit 100"),
    ({"default_limit": 0}, "expected 1 <= default_limit"),
    ({"model": Pair, "fields": ("left", "right"), "links": {"books": find}}, "links needs a primary key of one column"),
    ({"links": {"genres": find}}, "links names 'genres', which no schema of a body has"),
    ({"fields": ("title", "genres.name"), "nested": ("genres",)}, "Book.genres is many-to-many; name it in links"),
    ({"filters": {"title": ()}}, "the filter 'title' names no lookup"),
    ({"filters": {"limit": Filter("exact", path="pages")}}, "filters name ['limit'], which every list has"),
    ({"ordering": "title"}, "Book: ordering is the text 'title', expected a tuple: ('title',)"),
    ({"search": "title"}, "Book: search is the text 'title', expected a tuple: ('title',)"),
    ({"nested": "reviews"}, "Book: nested is the text 'reviews', expected a tuple: ('reviews',)"),
    ({"without": "delete"}, "Book: without is the text 'delete', expected a tuple: ('delete',)"),
    ({"without": {"remove"}}, "Book: without names ['remove'], expected some of list, retrieve, create"),
    ({"update_method": "POST"}, "Book: update_method is 'POST', expected 'PATCH' or 'PUT'"),
    ({"name": "a-book"}, "Book: name is 'a-book', expected letters, digits and '_' alone"),
    ({"plural": "old books"}, "Book: plural is 'old books', expected letters, digits and '_' alone"),
    ({"path": "/books"}, "Book: path is '/books', expected what follows the router's own /"),
    ({"path": "{shelf}/books"}, "Book: path is '{shelf}/books', expected what follows the router's own /"),
    ({"model": "Book"}, "a resource has the model 'Book', expected a class that is mapped to a table"),
    ({"model": PairBase}, "PairBase'>, expected a class that is mapped to a table"),
    (
        {"model": Genre, "read": Named, "lookup": "name", "replace": Named, "put_creates": True},
        "put_creates takes name from the path, and the body of",
    ),
]


@pytest.mark.parametrize(("declared", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_leads_nowhere_is_refused(declared, said):
    with pytest.raises(ConfigurationError) as refused:
        Resource(**({"model": Book, "read": BookRead, "policy": ReadOnly()} | declared))

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


class OrderLine(PairBase):
    __tablename__ = "library_order_line"

    left: Mapped[int] = mapped_column(primary_key=True)


def test_names_come_from_the_model_unless_they_are_given():
    lines = Resource(model=OrderLine, read=PairRead, policy=ReadOnly())
    assert (lines.singular, lines.collection, lines.url) == ("order_line", "order_lines", "/order_lines")

    lines = Resource(model=OrderLine, read=PairRead, policy=ReadOnly(), name="entry", plural="entries", path="lines")
    assert (lines.singular, lines.collection, lines.url) == ("entry", "entries", "/lines")
    assert {(route.path, route.name) for route in lines.router.routes} == {
        ("/lines", "list_entries"),
        ("/lines/{entry_id}", "get_entry"),
        ("/lines/{entry_id}", "delete_entry"),
        ("/lines/bulk", "bulk_delete_entries"),
    }


async def test_a_resource_has_limits_of_its_own(owner, app):
    document = (await owner.get("/openapi.json")).json()
    parameters = document["paths"]["/api/genres"]["get"]["parameters"]
    limit = next(one["schema"] for one in parameters if one["name"] == "limit")
    assert (limit["default"], limit["maximum"]) == (50, 500)

    assert (await owner.get("/api/genres?limit=500")).status_code == 200
    refused = await owner.get("/api/genres?limit=501")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["detail"] == "expected a whole number from 1 to 500"
