"""The files that a list can be written as, piece by piece: CSV for spreadsheets, JSON for programs.

A workbook of Excel is in `excel`; `writers` knows them all.
"""

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import ClassVar

from pydantic_core import to_json

from dovetail.contrib.admin.exporting.csv_cells import write_cell

Rows = Sequence[Sequence[object]]


class Writer(ABC):
    """Writes one file; `names` are the paths of its columns, and `labels` their headings."""

    media_type: ClassVar[str]
    keeps_structure: ClassVar[bool] = False  # that of lists and objects; in others they are texts

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        self.names = names
        self.labels = labels

    @abstractmethod
    def start(self) -> str:
        """Return what stands before all rows."""

    @abstractmethod
    def write(self, rows: Rows) -> str:
        """Return the next rows."""

    @abstractmethod
    def end(self) -> Iterable[str | bytes]:
        """Return what stands behind all rows, in pieces."""

    def close(self) -> None:  # noqa: B027 - most files take nothing
        """Give back what the file took, whether it came to its end or not."""


class CSVWriter(Writer):
    """Writes lines of cells, under a line of headings."""

    media_type = "text/csv; charset=utf-8"

    def start(self) -> str:
        """Return the line of headings."""
        return self.write([self.labels])

    def write(self, rows: Rows) -> str:
        """Return lines, no cell of which is a formula."""
        buffer = StringIO()
        csv.writer(buffer).writerows([[write_cell(value) for value in row] for row in rows])
        return buffer.getvalue()

    def end(self) -> Iterable[str]:
        """Return nothing."""
        return ()


class JSONWriter(Writer):
    """Writes an array of objects, a line each, whose members are called as the columns are in code."""

    media_type = "application/json"
    keeps_structure = True
    _separator = "\n"

    def start(self) -> str:
        """Return the bracket that opens the array."""
        return "["

    def write(self, rows: Rows) -> str:
        """Return objects; moments are texts of ISO 8601, bytes of base64, and decimals keep their digits in texts."""
        lines = [self._line(dict(zip(self.names, row, strict=True))) for row in rows]
        return "".join(lines)

    def end(self) -> Iterable[str]:
        """Return the bracket that closes the array."""
        return ("\n]\n",)

    def _line(self, row: Mapping[str, object]) -> str:
        separator, self._separator = self._separator, ",\n"
        return separator + to_json(row, bytes_mode="base64", inf_nan_mode="null", fallback=str).decode()
