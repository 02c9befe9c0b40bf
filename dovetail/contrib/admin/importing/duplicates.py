"""Find duplicates of unique values: within a file, and between the file and stored rows.

The database refuses them, too, but only when a row is otherwise valid, and without the number of the line.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Column, select

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.columns.unique import unique_columns
from dovetail.contrib.admin.importing.finding import Row
from dovetail.contrib.admin.importing.plan import Plan
from dovetail.contrib.admin.importing.row_errors import RowErrors
from dovetail.contrib.admin.importing.targets import Kind
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.resources.query.keys import write_key
from dovetail.translation.texts import gettext


@dataclass(frozen=True)
class Duplicates:
    """Checks the unique columns of one file, except those by which rows are found."""

    view: ModelAdmin
    plan: Plan
    errors: RowErrors
    _lines: dict[tuple[int, Hashable], int] = field(default_factory=dict)  # by column and value

    def tell_in_file(self, rows: Sequence[Row]) -> None:
        """Add an error for each value that occurred in an earlier line."""
        for place, column in self._columns():
            for row in rows:
                value = _value(row, place, column)
                line = row.line if value is None else self._lines.setdefault((place, value), row.line)
                if line != row.line:
                    self.errors.add(row.line, place, gettext("This is in line %(line)s already.") % {"line": line})

    async def tell_stored(self, rows: Sequence[Row], existing: Mapping[int, object]) -> bool:
        """Add an error for each value that another stored row has; return whether there was one."""
        is_told = False
        for place, column in self._columns() if rows else ():
            values = {row.line: value for row in rows if (value := _value(row, place, column)) is not None}
            if not values:
                continue
            stored = await self._stored(column, set(values.values()))
            for line, value in values.items():
                obj = existing.get(line)
                is_told_in_file = self._lines.get((place, value), line) != line  # it may be written by now
                if value in stored and not is_told_in_file and (obj is None or identifier_of(obj) != stored[value]):
                    self.errors.add(line, place, gettext("Something with this value already exists."))
                    is_told = True
        return is_told

    def _columns(self) -> Iterator[tuple[int, Column[object]]]:
        unique = dict(unique_columns(self.view.model))
        for place, target in enumerate(self.plan.columns):
            if target is not None and target.kind is Kind.FIELD and target.is_unique and target is not self.plan.match:
                yield place, unique[target.field]

    async def _stored(self, column: Column[object], values: set[Hashable]) -> Mapping[Hashable, str]:
        keys = self.view.pk_columns
        found = await request_context().session.execute(select(column, *keys).where(column.in_(values)))
        return {value: write_key(key) for value, *key in found}


def _value(row: Row, place: int, column: Column[object]) -> Hashable | None:
    """Return the value of a cell; None for an empty cell, and for an invalid one, which is reported elsewhere."""
    text, reader = row.cells[place] or "", reader_of(column.type, exactly=True)
    if not text.strip() or "\0" in text or reader is None:
        return None
    try:
        value = reader(text)
    except (ArithmeticError, ValueError):
        return None
    return value if isinstance(value, Hashable) else None
