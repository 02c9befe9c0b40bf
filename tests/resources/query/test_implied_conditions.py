"""Conditions that follow from the value of a boolean column are left out, and the same rows are found."""

import pytest
from sqlalchemy import and_, or_, select, true
from sqlalchemy.dialects import sqlite

from dovetail.resources.query.filters import filter_parameters
from dovetail.resources.query.implied_conditions import without_implied
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.page_select import count_select, page_select
from dovetail.resources.visibility import Visibility
from tests.library.models import Book

PUBLIC, MINE, A = Book.is_public, Book.owner_id == 1, Book.title == "A"


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ([or_(PUBLIC.is_(True), MINE), PUBLIC == True], [PUBLIC == True]),  # noqa: E712 - as a filter says it
        ([or_(MINE, PUBLIC), A, PUBLIC.is_(True)], [A, PUBLIC.is_(True)]),
        ([or_(PUBLIC.is_(True), MINE), PUBLIC.is_(False)], [MINE, PUBLIC.is_(False)]),
        ([or_(~PUBLIC, MINE, A), PUBLIC.is_(True)], [or_(MINE, A), PUBLIC.is_(True)]),
        ([PUBLIC.is_(True), A, PUBLIC == True], [PUBLIC.is_(True), A]),  # noqa: E712 - as above
        ([PUBLIC.is_(True), PUBLIC.is_(False)], [PUBLIC.is_(True), PUBLIC.is_(False)]),
        ([or_(PUBLIC.is_(False), ~PUBLIC), PUBLIC], [or_(PUBLIC.is_(False), ~PUBLIC), PUBLIC]),
        ([or_(PUBLIC.is_(True), MINE), A], [or_(PUBLIC.is_(True), MINE), A]),
        ([or_(and_(PUBLIC, A), MINE), PUBLIC.is_not(False)], [or_(and_(PUBLIC, A), MINE), PUBLIC.is_not(False)]),
        ([true(), or_(A, Book.owner_id == 2), PUBLIC], [true(), or_(A, Book.owner_id == 2), PUBLIC]),
    ],
)
async def test_what_follows_from_a_flag_is_left_out_and_the_same_rows_are_found(conditions, left, make_book, session):
    for number, title in enumerate("AABB"):
        for owner in (1, 2):
            await make_book(title=title, is_public=number % 2 == 0, owner_id=owner)
    found = without_implied(conditions)
    assert list(map(str, found)) == list(map(str, left))
    rows = [set(await session.scalars(select(Book.id).where(*one))) for one in (conditions, found)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("count", [False, True])
def test_the_statement_of_a_list_leaves_out_what_its_filter_says_of_a_flag(count):
    seen = Visibility(or_(PUBLIC.is_(True), MINE), {}, frozenset())
    filtered = filter_parameters(Book, {"is_public": "exact"})["is_public"]
    request = PageRequest(ListQuery(filters=((filtered, True),), limit=2), ())
    dialect = sqlite.dialect()
    if count:
        statement = count_select(Book, request, seen, Search(), dialect)
    else:
        statement = page_select(Book, [Book.id], request, seen, Search(), dialect=dialect)
    assert "owner_id" not in str(statement.compile(dialect=dialect))
