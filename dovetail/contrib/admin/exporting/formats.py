"""Export formats that are written in chunks: CSV for spreadsheets, JSON for programs.

`excel` has Excel workbooks, and `writers` all formats by name.
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
    keeps_structure: ClassVar[bool] = False  # whether the format has lists and objects; in others they are texts

    def __init__(self, names: Sequence[str], labels: Sequence[str]) -> None:
        self.names = names
        self.labels = labels

    @abstractmethod
    def start(self) -> str:
        """Return the beginning of the file."""

    @abstractmethod
    def write(self, rows: Rows) -> str:
        """Return the next rows of the file."""

    @abstractmethod
    def end(self) -> Iterable[str | bytes]:
        """Return the end of the file, in chunks."""

    def close(self) -> None:  # noqa: B027 - most formats hold no resources
        """Release the resources of the file, also if it was not completed."""


class CSVWriter(Writer):
    """Writes a line of headings, and a line for each row."""

    media_type = "text/csv; charset=utf-8"

    def start(self) -> str:
        """Return the line of headings."""
        return self.write([self.labels])

    def write(self, rows: Rows) -> str:
        """Return lines without formulas."""
        buffer = StringIO()
        csv.writer(buffer).writerows([[write_cell(value) for value in row] for row in rows])
        return buffer.getvalue()

    def end(self) -> Iterable[str]:
        """Return nothing: the file ends with its last row."""
        return ()


class JSONWriter(Writer):
    """Writes an array of objects, one per line, with the names of the columns in code as members."""

    media_type = "application/json"
    keeps_structure = True
    _separator = "\n"

    def start(self) -> str:
        """Return the opening bracket of the array."""
        return "["

    def write(self, rows: Rows) -> str:
        """Return objects; datetimes are in ISO 8601, bytes in base64, and decimals are texts, to keep all digits."""
        lines = [self._line(dict(zip(self.names, row, strict=True))) for row in rows]
        return "".join(lines)

    def end(self) -> Iterable[str]:
        """Return the closing bracket of the array."""
        return ("\n]\n",)

    def _line(self, row: Mapping[str, object]) -> str:
        separator, self._separator = self._separator, ",\n"
        return separator + to_json(row, bytes_mode="base64", inf_nan_mode="null", fallback=str).decode()
