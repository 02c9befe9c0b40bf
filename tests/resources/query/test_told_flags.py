"""Conditions that follow from the value of a boolean column are left out, and the same rows are found."""

import pytest
from sqlalchemy import and_, or_, select, true

from dovetail.resources.query.told_flags import without_implied
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
