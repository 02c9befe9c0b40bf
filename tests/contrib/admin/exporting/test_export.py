"""A list as a file."""

import csv
import json
from io import StringIO

from sqlalchemy import insert

from plugins.blog.models import Tag
from tests.contrib.admin.shelf.admin import BookAdmin
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
        ["Title", "Owner", "Owner e-mail", "Pages"],
        ["Ants", "boss", "boss@example.org", "3"],
        ["Bees", "", "", "-5"],
    ]
    assert [row[0] for row in await export(office, search="bee")] == ["Title", "Bees"]
    assert [row[0] for row in await export(office, owner=str(boss.id))] == ["Title", "Ants"]


async def test_a_long_export_is_complete_and_read_in_batches_without_parallel_workers(
    office, session, count_statements, database_kind
):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(1001)])
    await session.commit()
    with count_statements() as statements:
        rows = await export(office)
    assert len({row[0] for row in rows}) == 1002
    assert sum("FROM shelf_book" in statement for statement in statements) == 3
    told = [one for one in statements if one == "SET LOCAL max_parallel_workers_per_gather = 0"]
    assert len(told) == (2 if database_kind == "postgresql" else 0)  # the first batch is read with the page


async def test_an_export_as_json_is_an_array_of_objects_with_values_and_not_with_cells(office, session, boss):
    assert (await office.get("/shelf/book/export/json/")).json() == []
    await session.execute(insert(Book), [{"title": f'=1+{n} "a"', "pages": n} for n in range(500)])
    session.add_all([Book(title="Ants", pages=-3, owner_id=boss.id), Book(title="Hidden")])
    await session.commit()
    answer = await office.get("/shelf/book/export/json/")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="shelf-book.json"'
    books = json.loads(answer.text)
    assert len(books) == 501
    assert books[1] == {"title": '=1+1 "a"', "owner": None, "owner.email": None, "pages": 1}
    assert books[-1] == {"title": "Ants", "owner": str(boss.id), "owner.email": "boss@example.org", "pages": -3}
    assert (await office.get("/shelf/book/export/json/", search="ant")).json() == books[-1:]
    assert (await office.get("/shelf/book/export/xml/")).status_code == 404
    assert 'href="/admin/shelf/book/export/json/' in (await office.get("/shelf/book/")).text


STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"]


async def test_no_cell_is_a_formula(office, session):
    session.add_all(Book(title=f'{start}HYPERLINK("http://evil.example")', pages=1) for start in STARTS)
    await session.commit()
    titles = sorted(row[0] for row in (await export(office))[1:])
    assert titles == sorted(f'\'{start}HYPERLINK("http://evil.example")' for start in STARTS)


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


async def test_objects_that_are_made_anew_for_each_row_have_titles_of_their_own(office, session, monkeypatch):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(30)])
    await session.commit()
    monkeypatch.setattr(BookAdmin, "get_prop_value", _made_anew)

    rows = await export(office)

    assert [row[0] for row in rows[1:]] == [f"Copy of Book {n}" for n in range(30)]


async def _made_anew(_view, book, prop):
    return Tag(name=f"Copy of {book.title}") if prop == "title" else None
