"""Read the table of an Excel workbook: its first visible sheet, row by row.

A workbook is a ZIP archive of XML. `workbook_limits.py` checks all of it before openpyxl reads any part.
"""

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Protocol
from zipfile import ZipFile

from dovetail.contrib.admin.columns.texts import as_duration
from dovetail.contrib.admin.importing.files.sheet import (
    MOST_COLUMNS,
    Cell,
    Sheet,
    SheetBuilder,
    UnreadableFileError,
    headings,
)
from dovetail.contrib.admin.importing.files.workbook_limits import check_workbook
from dovetail.translation.texts import gettext, gettext_lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.workbook.workbook import Workbook

MOST_LINES = 20  # rows of the sheet for each row that may be imported: the others are empty
ERROR = "e"  # the data type of a cell whose formula failed
NO_WORKBOOK = gettext_lazy("This is not a workbook of Excel (.xlsx), or it is damaged or protected by a password.")


class ReadCell(Protocol):
    """A cell as openpyxl reads it."""

    @property
    def value(self) -> object:
        """The value, or the result of a formula."""

    @property
    def data_type(self) -> str:
        """The type of the value: `s`, `n`, `d`, `b`, `e` and so on."""


def read_excel(content: bytes, most_rows: int) -> Sheet:
    """Return the table in a workbook. Raise UnreadableFileError if it is invalid or too large."""
    # Imported here, since most processes never read a workbook.
    from openpyxl import load_workbook

    try:
        with ZipFile(BytesIO(content)) as archive:
            check_workbook(archive)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return _table(book, most_rows)
        finally:
            book.close()
    except UnreadableFileError:
        raise
    except Exception as error:  # the libraries raise many kinds of errors for damaged files
        raise UnreadableFileError(str(NO_WORKBOOK)) from error


def as_cell(value: object) -> Cell:  # noqa: PLR0911 - a table of types
    """Return the value of a cell as text for a form: dates and times as ISO 8601, whole numbers without a fraction."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return as_duration(value)
    return str(value)


def _table(book: "Workbook", most_rows: int) -> Sheet:
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not shown:
        raise UnreadableFileError(gettext("The workbook has no sheet that is shown."))
    builder: SheetBuilder | None = None
    for line, row in enumerate(shown[0].iter_rows(max_col=MOST_COLUMNS + 1), start=1):
        if builder is None:
            builder = SheetBuilder(headings(as_cell(one.value) for one in row), most_rows)
            continue
        if line > MOST_LINES * (most_rows + 1):
            raise UnreadableFileError(
                gettext("The sheet has far more lines than may be imported. Delete the empty ones.")
            )
        builder.add(line, _cells(builder.columns, line, row))
    if builder is None:
        raise UnreadableFileError(gettext("The first sheet of the workbook is empty."))
    told = gettext("Only the sheet “%(name)s” was read; there are others.") % {"name": shown[0].title}
    return builder.build(told if len(shown) > 1 else "")


def _cells(columns: "Sequence[str]", line: int, row: "Iterable[ReadCell]") -> list[Cell]:
    """Return the cells of a row. Raise UnreadableFileError for a cell whose formula failed."""
    cells = list(row)
    for name, one in zip(columns, cells, strict=False):
        if one.data_type == ERROR:
            raise UnreadableFileError(
                gettext("Line %(line)s, column “%(name)s”: Excel says %(error)s there. Correct the formula.")
                % {"line": line, "name": name, "error": one.value}
            )
    return [as_cell(one.value) for one in cells]
