"""Members of an Enum are compared in the order in which they are declared, by a statement that can be prepared."""

from sqlalchemy import true

from dovetail.resources.query.filters import filter_parameters
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.page_select import page_select
from dovetail.resources.sql.statements import prepare
from dovetail.resources.visibility import Visibility
from tests.library.models import Book, Shelf

FIRST, LAST = Shelf  # by their texts it would be the other way round


async def test_each_lookup_of_an_order_finds_the_members_that_it_means(make_book, session):
    for one in Shelf:
        await make_book(shelf=one)
    dialect = session.get_bind().dialect
    for lookup, value, expected in (
        ("lt", FIRST, set()),
        ("lt", LAST, {FIRST}),
        ("lte", FIRST, {FIRST}),
        ("gt", FIRST, {LAST}),
        ("gte", FIRST, {FIRST, LAST}),
        ("range", [FIRST, LAST], {FIRST, LAST}),
        ("range", [LAST, FIRST], set()),
    ):
        parameter = filter_parameters(Book, {"shelf": lookup})[f"shelf__{lookup}"]
        request = PageRequest(ListQuery(filters=((parameter, value),), limit=9), ())
        statement = page_select(
            Book, [Book.shelf], request, Visibility(true(), {}, frozenset()), Search(), dialect=dialect
        )
        assert set(await session.scalars(statement, request.parameters())) == expected, (lookup, value)
        assert prepare(statement, dialect) is not None, (lookup, value)
