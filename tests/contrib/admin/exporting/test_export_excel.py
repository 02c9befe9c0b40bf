"""A list as a workbook of Excel."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import insert

from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.exporting import excel
from dovetail.contrib.admin.exporting.excel import LONGEST, ExcelWriter
from dovetail.contrib.admin.importing.files.excel_files import as_cell
from dovetail.database.column_types import UTCDateTime
from dovetail.translation.zones import in_zone
from tests.contrib.admin.shelf.models import Book


class Size(Enum):
    SMALL = "small"


def sheets_of(content: bytes) -> list[Worksheet]:
    return list(load_workbook(BytesIO(content)))


def written(*values: object) -> list[Worksheet]:
    writer = ExcelWriter(["value"], ["Value"])
    try:
        writer.start()
        writer.write([[value] for value in values])
        return sheets_of(b"".join(writer.end()))
    finally:
        writer.close()


async def test_a_workbook_has_all_rows_that_a_list_leaves_and_obeys_rows_filters_and_search(
    office, session, boss, count_statements
):
    await session.execute(insert(Book), [{"title": f"Book {n}", "pages": n} for n in range(1001)])
    session.add_all([Book(title="Ants", pages=-3, owner_id=boss.id), Book(title="Hidden")])
    await session.commit()
    with count_statements() as statements:
        answer = await office.get("/shelf/book/export/xlsx/")
    assert sum("FROM shelf_book" in statement for statement in statements) == 3
    assert answer.headers["content-type"] == ExcelWriter.media_type
    assert answer.headers["content-disposition"] == 'attachment; filename="shelf-book.xlsx"'
    rows = list(sheets_of(answer.content)[0].values)
    assert rows[0] == ("Title", "Owner", "Owner e-mail", "Pages")
    assert rows[-1] == ("Ants", "boss", "boss@example.org", -3)
    assert len(rows) == 1003
    found = await office.get("/shelf/book/export/xlsx/", search="ant")
    assert [row[0] for row in sheets_of(found.content)[0].values] == ["Title", "Ants"]


@pytest.mark.parametrize("start", list("=+-@"))
def test_no_text_of_a_workbook_is_a_formula_or_becomes_one_when_its_cell_is_edited(start):
    [sheet] = written(f'{start}HYPERLINK("http://evil.example")')
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].quotePrefix


def test_values_of_a_workbook_are_numbers_dates_and_truths_as_far_as_excel_can_hold_them():
    moment = datetime(2026, 11, 28, 9, 40, tzinfo=UTC)
    values = (7, 1.5, Decimal("2.50"), True, date(2026, 11, 28), moment, Size.SMALL, None, ["a", "b"])
    [sheet] = written(*values)
    found = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    day, naive = datetime(2026, 11, 28), datetime(2026, 11, 28, 9, 40)  # noqa: DTZ001 - a workbook knows no zones
    assert found == [7, 1.5, 2.5, True, day, naive, "small", None, "a, b"]
    assert sheet["A6"].number_format == "yyyy-mm-dd"
    [sheet] = written(10**15, Decimal("0.1234567890123456"), float("inf"), date(1750, 7, 28), "x" * (LONGEST + 1))
    texts = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert texts[:4] == ["1000000000000000", "0.1234567890123456", "inf", "1750-07-28"]
    assert len(texts[4]) == LONGEST
    assert texts[4].endswith("[cut here: a cell of Excel holds no more]")


def test_moments_are_in_the_zone_of_the_user_in_which_an_import_reads_them_again():
    moments = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in range(3)] + [datetime(2026, 7, 1, tzinfo=UTC)]
    read = reader_of(UTCDateTime())
    with in_zone(ZoneInfo("Europe/Berlin")):
        [sheet] = written(*moments)
        cells = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert cells[1:] == ["2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 3, 30), datetime(2026, 7, 1, 2)]  # noqa: DTZ001 - as above
        assert [read(as_cell(one)) for one in cells] == moments


def test_rows_that_do_not_fit_in_a_sheet_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    sheets = written(1, 2, 3)
    assert [[row[0] for row in sheet.values] for sheet in sheets] == [["Value", 1, 2], ["Value", 3]]


def test_a_workbook_that_nobody_fetched_to_its_end_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    writer = ExcelWriter(["value"], ["Value"])
    writer.start()
    writer.write([["x"]] * 100)
    assert list(tmp_path.rglob("*.*")) or list(tmp_path.iterdir())
    writer.close()
    assert list(tmp_path.iterdir()) == []
