"""Read tables from files, whoever wrote them, within limits."""

import json
from datetime import datetime, time, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook
from xlsxwriter import Workbook as SharingWorkbook

from dovetail.contrib.admin.importing.files import sheet, workbook_limits
from dovetail.contrib.admin.importing.files.excel_files import read_excel
from dovetail.contrib.admin.importing.files.sheet import UnreadableFileError
from dovetail.contrib.admin.importing.files.text_files import read_csv, read_json


def workbook(*rows: list[object], other: bool = False) -> bytes:
    book, content = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    if other:
        book.create_sheet("Other").append(["x"])
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n2,\n",
        b"a;b\r\n1;x\r\n\r\n2;\r\n",
        b'"a"\t"b"\n1\tx\n2\n',
        "\ufeffa|b\n1|x\n2|\n".encode(),
        "a,b,,\n1,x,,\n2,,,\n".encode("utf-16"),
        b'[{"a": 1, "b": "x"}, {"a": "2", "b": null}]',
        workbook(["a", "b"], [1, "x"], [], [2.0, None]),
    ],
    ids=["commas", "semicolons", "tabs", "mark", "utf-16", "json", "workbook"],
)
def test_a_table_is_the_same_whatever_file_it_comes_in(content):
    read = read_json if content.startswith(b"[") else read_excel if content.startswith(b"PK") else read_csv
    found = read(content, 10)
    assert (found.columns, found.rows) == (["a", "b"], [["1", "x"], ["2", ""]])


def test_cells_keep_what_they_mean_and_lines_are_counted_as_an_editor_does():
    found = read_csv(b"a,b\n\"two\nlines\",'=1+1\n\n'quoted,2\n", 10)
    assert found.rows == [["two\nlines", "=1+1"], ["'quoted", "2"]]
    assert found.lines == [2, 5]
    found = read_csv("name\nJürgen\n".encode("cp1252"), 10)
    assert found.rows == [["Jürgen"]]
    assert "Windows-1252" in found.note
    items = [{"a": [1, "x"], "b": {"c": 1.5}, "c": True}, {"b": False}]
    found = read_json(json.dumps(items).encode(), 10)
    assert found.rows == [['[1, "x"]', '{"c": 1.5}', "true"], [None, "false", None]]
    cells = [True, 1.25, datetime(2026, 11, 28, 9, 40), time(9, 40), timedelta(hours=30)]  # noqa: DTZ001 - as Excel has it
    found = read_excel(workbook(["a", "b", "c", "d", "e"], cells, other=True), 10)
    assert found.rows == [["true", "1.25", "2026-11-28 09:40:00", "09:40:00", "1 day, 06:00:00"]]
    assert found.note == "Only the sheet “Sheet” was read; there are others."


@pytest.mark.parametrize(
    ("read", "content", "told"),
    [
        (read_csv, b"\n1\n", "The file has no headings: its first line has to name the columns."),
        (read_csv, b"a,a\n1,2\n", "The file has two columns called “a”; give them different names."),
        (read_csv, b"a\n1,2\n", "Line 2 has more cells than there are headings (1)."),
        (read_csv, b'a\n"x"y\n', "Line 2 cannot be read as CSV: behind a closing quotation mark stands"),
        (read_csv, b'a\n1\n"x\ny\n', "Line 3 cannot be read as CSV: a quotation mark is opened and never closed."),
        (read_csv, b"a\n" + b"x" * 200_000, "Line 2 cannot be read as CSV: a cell is too long."),
        (read_csv, b"a" * 201, "A heading has more than 200 characters: is it a row of data?"),
        (read_csv, ",".join(f"c{n}" for n in range(201)).encode(), "The file has more than 200 columns"),
        (read_csv, b"a" + b"," * 1_000_000, "The file has no rows below its headings."),
        (read_csv, b"a\n" + b"x\n" * 11, "The file has more than 10 rows. Import it in parts."),
        (read_json, b"[1]", "Expected an array of objects"),
        (read_json, b'{"a": 1}', "Expected an array of objects"),
        (read_json, b"[{", "This is not JSON: Expecting property name enclosed in double quotes (line 1)."),
        (read_json, b'[{"a": NaN}]', "NaN is no number of JSON."),
        (read_json, b'[{"a": ' + b"9" * 5000 + b"}]", "A number has too many digits."),
        (read_json, b"[" * 200_000, "This is nested too deeply."),
        (read_json, rb'[{"a": 1}, {"a": "\ud83d"}]', "Line 2 holds half a character: a surrogate without the other."),
        (read_json, rb'[{"\ud83d": 1}]', "Line 1 holds half a character: a surrogate without the other."),
        (read_json, b'[{"a": "\xff"}]', "This is not JSON: it is not in UTF-8."),
        (read_excel, b"PK\x03\x04 and no more", "This is not a workbook of Excel"),
        (read_excel, workbook(), "The first sheet of the workbook is empty."),
    ],
)
def test_what_is_no_table_or_too_large_a_one_is_refused_with_a_sentence(read, content, told):
    with pytest.raises(UnreadableFileError, match="^" + told.translate(str.maketrans({c: f"\\{c}" for c in "()[].?"}))):
        read(content, 10)


def test_a_long_text_that_many_cells_of_a_small_workbook_share_is_held_to_the_bounds_of_a_file():
    book = SharingWorkbook(content := BytesIO())
    page = book.add_worksheet()
    page.write_row(0, 0, [f"c{number}" for number in range(100)])
    for row in range(1, 11):
        page.write_row(row, 0, ["x" * 30_000] * 100)
    book.close()
    assert len(content.getvalue()) < 10_000
    with pytest.raises(UnreadableFileError, match="The cells have more than 20,000,000 bytes"):
        read_excel(content.getvalue(), 10)


def test_a_workbook_that_would_grow_beyond_all_bounds_is_refused_before_it_is_unpacked(monkeypatch):
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * (workbook_limits.LARGEST + 1))
    assert len(content.getvalue()) < 100_000
    with pytest.raises(UnreadableFileError, match="too large"):
        read_excel(content.getvalue(), 10)
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for number in range(workbook_limits.MOST_PARTS + 1):
            archive.writestr(f"{number}.xml", b"")
    with pytest.raises(UnreadableFileError, match="too large"):
        read_excel(content.getvalue(), 10)
    book, sparse = Workbook(), BytesIO()
    book.active["A1"], book.active["A900000"] = "a", "x"
    book.save(sparse)
    with pytest.raises(UnreadableFileError, match="far more lines"):
        read_excel(sparse.getvalue(), 10)
    monkeypatch.setattr(sheet, "MOST_CELLS", 3)
    with pytest.raises(UnreadableFileError, match="more than 3 cells"):
        read_csv(b"a,b\n1,2\n3,4\n", 10)
    cell = '<row><c t="str"><v>&a;</v></c></row>'
    bomb = f'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet><sheetData>{cell}</sheetData></worksheet>'
    with ZipFile(BytesIO(workbook(["a"], ["x"]))) as book, ZipFile(content := BytesIO(), "w") as archive:
        for part in book.namelist():
            archive.writestr(part, bomb if "sheet1" in part else book.read(part))
    with pytest.raises(UnreadableFileError, match="not a workbook"):
        read_excel(content.getvalue(), 10)


def replaced(part: str, old: str, new: str) -> bytes:
    """A workbook of one row with another text in one of its parts."""
    made = BytesIO()
    with ZipFile(BytesIO(workbook(["a"], ["x"]))) as book, ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name in book.namelist():
            text = book.read(name).decode()
            assert name != part or old in text
            archive.writestr(name, text.replace(old, new, 1) if name == part else text)
    assert len(made.getvalue()) < 200_000
    return made.getvalue()


SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
FORMAT = '<numFmts><numFmt numFmtId="200" formatCode="{}"/></numFmts><fonts'


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (SHEET, "</sheetData>", f"<row>{'<c><v>1</v></c>' * 100_000}</row></sheetData>"),
        (SHEET, "</sheetData>", f"</sheetData>{'<a/>' * 200_000}"),
        (SHEET, "</sheetData>", f'</sheetData><a b="{"x" * 2_000_000}"/>'),
        (SHEET, "</sheetData>", f"{'<row><c/></row>' * 1_600_000}</sheetData>"),
        (STYLES, "</cellXfs>", f"{'<xf/>' * 200_000}</cellXfs>"),
        (STYLES, "<fonts", FORMAT.format("[" * 1_000)),
    ],
    ids=["row", "elements", "attribute", "rows", "styles", "format"],
)
def test_a_small_workbook_that_would_hold_more_than_excel_writes_is_refused_before_openpyxl_reads_it(
    monkeypatch, part, old, new
):
    content = replaced(part, old, new)
    monkeypatch.setattr("openpyxl.load_workbook", pytest.fail)
    with pytest.raises(UnreadableFileError, match="holds more than Excel writes"):
        read_excel(content, 10)


def test_a_workbook_of_tags_that_never_end_is_looked_over_once():
    with pytest.raises(UnreadableFileError, match="not a workbook"):
        read_excel(replaced(SHEET, "<sheetData>", "<sheetData>" + "<c " * 1_000_000), 10)
    assert read_excel(replaced(STYLES, "<fonts", FORMAT.format("[" * 255)), 10).rows == [["x"]]


def test_more_objects_than_rows_are_refused_before_each_is_asked_for_each_column():
    with pytest.raises(UnreadableFileError, match="more than 10 rows"):
        read_json(b'[{"a": 1}' + b", {}" * 11 + b"]", 10)


def calculated(formula: str, result: object) -> bytes:
    """A workbook in which a formula has a result, or none yet."""
    content = BytesIO()
    with SharingWorkbook(content) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["a", "b"])
        page.write_string(1, 0, "x")
        page.write_formula(1, 1, formula, None, result)
    return content.getvalue()


def emptied(content: bytes) -> bytes:
    """The workbook with a text without letters in place of the result, as Excel writes it."""
    made = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(made, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part).replace(b"<v>gone</v>", b"<v></v>"))
    return made.getvalue()


def test_of_a_formula_its_result_is_read_and_one_that_has_none_or_failed_is_refused_with_what_to_do():
    assert read_excel(calculated("=1+1", 2), 10).rows == [["x", "2"]]
    assert read_excel(emptied(calculated('=""', "gone")), 10).rows == [["x", ""]]
    with pytest.raises(
        UnreadableFileError, match=r"Line 2, column “b”: Excel says #DIV/0! there\. Correct the formula\."
    ):
        read_excel(calculated("=1/0", "#DIV/0!"), 10)
    with pytest.raises(UnreadableFileError, match=r"formulas without a result\. Open it in Excel, save it"):
        read_excel(workbook(["a"], ["=1+1"]), 10)


def test_a_file_for_excel_says_in_its_first_line_what_separates_its_cells():
    found = read_csv(b"sep=;\r\na;b,c\r\n1;2\r\n", 10)
    assert (found.columns, found.rows, found.lines) == (["a", "b,c"], [["1", "2"]], [3])
