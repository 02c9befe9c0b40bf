"""The contents of a file to import: headings, and rows of cells, each with its line number for messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dovetail.errors import InvalidInputError
from dovetail.translation.texts import gettext

MOST_COLUMNS = 200
MOST_CELLS = 500_000
MOST_BYTES = 20_000_000  # bytes of all cells in UTF-8: in a workbook, thousands of cells may share one long text
LONGEST_HEADING = 200  # characters

Cell: TypeAlias = str | None  # a text as a form would submit it; None if the file has no value


class UnreadableFileError(InvalidInputError):
    """The file cannot be imported; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table: every row has as many cells as there are columns; `lines` has the line number of each row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int]
    texts: Sequence[Sequence[int]] = ()  # by row, the positions of texts, if the format has types
    note: str = ""  # the assumptions made in reading the file, such as its encoding


@dataclass
class SheetBuilder:
    """Collects the rows of a file as they are read, up to the limits."""

    columns: Sequence[str]
    most_rows: int
    rows: list[list[Cell]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[list[int]] = field(default_factory=list)
    _bytes: int = 0  # bytes of the rows so far

    def __post_init__(self) -> None:
        """Check the headings. Raise UnreadableFileError if they are missing, repeated or too many."""
        if not any(self.columns):
            raise UnreadableFileError(gettext("The file has no headings: its first line has to name the columns."))
        if len(self.columns) > MOST_COLUMNS:
            raise UnreadableFileError(
                gettext("The file has more than %(most)s columns, which is too many.") % {"most": MOST_COLUMNS}
            )
        doubled = sorted({name for name in self.columns if name and list(self.columns).count(name) > 1})
        if doubled:
            raise UnreadableFileError(
                gettext("The file has two columns called “%(name)s”; give them different names.") % {"name": doubled[0]}
            )
        self._weigh(1, self.columns)
        if any(len(name) > LONGEST_HEADING for name in self.columns):
            raise UnreadableFileError(
                gettext("A heading has more than %(most)s characters: is it a row of data?") % {"most": LONGEST_HEADING}
            )

    def add(self, line: int, cells: Iterable[Cell], texts: Sequence[int] = ()) -> None:
        """Add a row, unless it is empty. Raise UnreadableFileError for too many rows, and for too long a row."""
        row = list(cells)
        if not any(row):
            return
        if any(row[len(self.columns) :]):
            raise UnreadableFileError(
                gettext("Line %(line)s has more cells than there are headings (%(count)s).")
                % {"line": line, "count": len(self.columns)}
            )
        if len(self.rows) == self.most_rows:
            raise too_many_rows(self.most_rows)
        if (len(self.rows) + 1) * len(self.columns) > MOST_CELLS:
            raise UnreadableFileError(
                gettext("The file has more than %(most)s cells. Import it in parts.") % {"most": f"{MOST_CELLS:,}"}
            )
        self._weigh(line, row)
        self.rows.append([*row[: len(self.columns)], *[""] * (len(self.columns) - len(row))])
        self.lines.append(line)
        self.texts.append(list(texts))

    def build(self, note: str = "") -> Sheet:
        """Return the table. Raise UnreadableFileError if it has no rows."""
        if not self.rows:
            raise UnreadableFileError(gettext("The file has no rows below its headings."))
        texts = self.texts if any(self.texts) else ()
        return Sheet(columns=self.columns, rows=self.rows, lines=self.lines, texts=texts, note=note)

    def _weigh(self, line: int, row: Iterable[Cell]) -> None:
        try:
            self._bytes += sum(len(cell.encode()) for cell in row if cell)
        except UnicodeEncodeError:  # "\ud83d" in JSON
            raise UnreadableFileError(
                gettext("Line %(line)s holds half a character: a surrogate without the other.") % {"line": line}
            ) from None
        if self._bytes > MOST_BYTES:
            raise UnreadableFileError(
                gettext("The cells have more than %(most)s bytes. Import them in parts.") % {"most": f"{MOST_BYTES:,}"}
            )


def too_many_rows(most: int) -> UnreadableFileError:
    """Return the message for a file with too many rows."""
    return UnreadableFileError(
        gettext("The file has more than %(most)s rows. Import it in parts.") % {"most": f"{most:,}"}
    )


def headings(cells: Iterable[Cell]) -> list[str]:
    """Return the headings stripped, without empty ones at the end."""
    names = [(cell or "").strip() for cell in cells]
    last = max((place for place, name in enumerate(names, start=1) if name), default=0)
    return names[:last]
