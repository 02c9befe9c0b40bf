"""Write a list as an Excel workbook, row by row into a temporary file, which is valid only once it is complete.

Values that Excel cannot represent are adapted: long texts are cut, and numbers of more than 15 digits become texts.
(https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3)
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from dovetail.contrib.admin.exporting.csv_cells import as_plain_text
from dovetail.contrib.admin.exporting.formats import Rows, Writer
from dovetail.translation.texts import gettext_lazy
from dovetail.translation.zones import ambiguous_offset, local

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_576  # of a sheet
LONGEST = 32_767  # characters in a cell
CUT = gettext_lazy(" [cut here: a cell of Excel holds no more]")
EXACT = 10**15  # numbers below it keep all digits
FIRST_DAY = date(1900, 3, 1)  # before it, Excel counts February 29, 1900, which did not exist
PIECE = 65_536  # bytes
FORMULA = tuple("=+-@")
DATES = {"moment": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd"}


class ExcelWriter(Writer):
    """Writes a workbook; rows that do not fit in a sheet continue in the next one.

    No text is a formula, not even once somebody edits its cell. Excel knows no zones: moments are in that
    of the user, in which an import reads them; those that clocks show twice are texts, with their offset.
    """

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__(names, labels)
        self._folder = TemporaryDirectory(prefix="dovetail-export-")
        self._path = f"{self._folder.name}/export.xlsx"
        self._book = self._open(self._path)
        self._formats = self._make_formats()
        self._sheet, self._row = self._next_sheet(), 0

    def start(self) -> str:
        """Write the headings, and return an empty text: a workbook is sent when it is complete."""
        self._write_row(self.labels, self._formats["heading"])
        return ""

    def write(self, rows: Rows) -> str:
        """Write rows into the file, and return an empty text."""
        for row in rows:
            if self._row == MOST_ROWS:
                self._sheet, self._row = self._next_sheet(), 0
                self.start()
            self._write_row(row)
        return ""

    def end(self) -> Iterator[bytes]:
        """Complete the workbook, and yield it in chunks."""
        self._book.close()
        with open(self._path, "rb") as file:  # noqa: PTH123 - `open` suffices for a path that is a text
            yield from _pieces(file)

    def close(self) -> None:
        """Delete the temporary files, also if the workbook was not completed."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()  # the library leaves it open if the workbook was not completed
        self._folder.cleanup()

    def _open(self, path: str) -> "Workbook":
        # Imported here, since most processes never write a workbook.
        from xlsxwriter import Workbook

        return Workbook(path, {"constant_memory": True, "tmpdir": self._folder.name})

    def _make_formats(self) -> "Mapping[str, Format]":
        made = {name: self._book.add_format({"num_format": form}) for name, form in DATES.items()}
        made["heading"] = self._book.add_format({"bold": True})
        made["quoted"] = self._book.add_format({"quote_prefix": True})
        return made

    def _next_sheet(self) -> "Worksheet":
        sheet = self._book.add_worksheet()
        sheet.freeze_panes(1, 0)
        return sheet

    def _write_row(self, row: Sequence[object], form: "Format | None" = None) -> None:
        for column, value in enumerate(row):
            self._write_cell(column, _storable(value), form)
        self._row += 1

    def _write_cell(self, column: int, value: object, form: "Format | None") -> None:
        sheet, row = self._sheet, self._row
        match value:
            case bool():
                sheet.write_boolean(row, column, value)
            case int() | float():
                sheet.write_number(row, column, value)
            case datetime():
                sheet.write_datetime(row, column, value, self._formats["moment"])
            case date():
                sheet.write_datetime(row, column, value, self._formats["day"])
            case str() if value:
                quoted = self._formats["quoted"] if value.startswith(FORMULA) else None
                sheet.write_string(row, column, value, form or quoted)


def _storable(value: object) -> object:
    """Return a value as Excel can store it: a boolean, a number, a date, or a text."""
    match value:
        case Enum():
            return _storable(value.value)
        case bool():
            return value
        case int() | float() | Decimal() if math.isfinite(value) and _keeps_digits(value):
            return float(value) if isinstance(value, Decimal) else value
        case datetime() if value.date() >= FIRST_DAY and not ambiguous_offset(local(value)):
            return local(value).replace(tzinfo=None)
        case date() if not isinstance(value, datetime) and value >= FIRST_DAY:
            return value
    text = as_plain_text(value)
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def _keeps_digits(value: float | Decimal) -> bool:
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) < len(str(EXACT))
    return isinstance(value, float) or abs(value) < EXACT


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
