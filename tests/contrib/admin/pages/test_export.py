"""A list as a file."""

import csv
from io import StringIO

import pytest
from sqlalchemy import insert

from tests.contrib.admin.shelf.models import Book


async def export(office, **parameters: str) -> list[list[str]]:
    answer = await office.get("/shelf/book/export/csv/", **parameters)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="shelf-book.csv"'
    return list(csv.reader(StringIO(answer.text)))


async def test_an_export_has_the_listed_columns_and_obeys_filters_and_search(office, session, boss):
    session.add_all([Book(title="Ants", pages=3, owner_id=boss.id), Book(title="Bees", pages=-5), Book(title="Hidden")])
    await session.commit()
    rows = await export(office)
    assert rows == [
        ["Title", "Owner", "Owner email", "Pages"],
        ["Ants", "boss", "boss@example.org", "3"],
        ["Bees", "", "", "-5"],
    ]
    assert [row[0] for row in await export(office, search="bee")] == ["Title", "Bees"]
    assert [row[0] for row in await export(office, owner=str(boss.id))] == ["Title", "Ants"]


async def test_a_long_export_is_complete_and_read_in_batches(office, session, count_statements):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(1001)])
    await session.commit()
    with count_statements() as statements:
        rows = await export(office)
    assert len({row[0] for row in rows}) == 1002
    assert sum("FROM shelf_book" in statement for statement in statements) == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
async def test_no_cell_is_a_formula(office, session, start):
    session.add(Book(title=f'{start}HYPERLINK("http://evil.example")', pages=1))
    await session.commit()
    assert (await export(office))[1][0].startswith(f"'{start}")


async def test_an_export_reads_no_column_that_it_does_not_show(office, session, count_statements):
    session.add(Book(title="Ants", notes="of which nobody asked"))
    await session.commit()
    with count_statements() as statements:
        await export(office)
    assert not any("shelf_book.notes" in statement for statement in statements)
    assert any("shelf_book.title" in statement for statement in statements)


async def test_a_batch_that_is_full_is_not_the_end_of_an_export(office, session):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(500)])
    await session.commit()
    assert len(await export(office)) == 501
