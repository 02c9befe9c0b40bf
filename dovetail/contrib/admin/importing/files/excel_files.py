"""Read the table of a workbook of Excel: its first sheet that is shown, row by row.

A workbook is an archive of XML. What it would be unpacked is told before, and held to by `zipfile`; openpyxl reads the
XML by defusedxml, which refuses entities.
"""

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
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
from dovetail.translation.texts import gettext, gettext_lazy

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

LARGEST = 67_108_864  # bytes of all parts of a workbook
MOST_PARTS = 1000
MOST_LINES = 20  # of the sheet for each row that may be imported: the others are empty
NO_WORKBOOK = gettext_lazy("This is not a workbook of Excel (.xlsx), or it is damaged or protected by a password.")


def read_excel(content: bytes, most_rows: int) -> Sheet:
    """Return the table that a workbook holds. Raise UnreadableFileError for what is none, and for one too large."""
    # Imported here: most processes read no workbook.
    from openpyxl import load_workbook

    try:
        _check_size(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return _table(book, most_rows)
        finally:
            book.close()
    except UnreadableFileError:
        raise
    except Exception as error:  # the libraries raise whatever a damaged part of a file leads to
        raise UnreadableFileError(str(NO_WORKBOOK)) from error


def _check_size(content: bytes) -> None:
    with ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
        raise UnreadableFileError(
            gettext("The workbook is too large: unpacked it may have %(most)s bytes.") % {"most": f"{LARGEST:,}"}
        )


def _table(book: "Workbook", most_rows: int) -> Sheet:
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not shown:
        raise UnreadableFileError(gettext("The workbook has no sheet that is shown."))
    builder: SheetBuilder | None = None
    for line, row in enumerate(shown[0].iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), start=1):
        if builder is None:
            builder = SheetBuilder(headings(map(as_cell, row)), most_rows)
            continue
        if line > MOST_LINES * (most_rows + 1):
            raise UnreadableFileError(
                gettext("The sheet has far more lines than may be imported. Delete the empty ones.")
            )
        builder.add(line, map(as_cell, row))
    if builder is None:
        raise UnreadableFileError(gettext("The first sheet of the workbook is empty."))
    told = gettext("Only the sheet “%(name)s” was read; there are others.") % {"name": shown[0].title}
    return builder.build(told if len(shown) > 1 else "")


def as_cell(value: object) -> Cell:  # noqa: PLR0911 - a table of types
    """Return the value of a cell as a form has it: dates and times as ISO 8601, whole numbers without a fraction."""
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
