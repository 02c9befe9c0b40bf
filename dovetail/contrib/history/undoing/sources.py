"""Use rows given as JSON in SQL, with each value in the type of its column, on both databases."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple, cast

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    Table,
    Text,
    column,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import cast as sql_cast

from dovetail.contrib.history.exact_numbers import json_of
from dovetail.contrib.history.recording.json_rows import bare, from_json
from dovetail.database.deletion.conditions import rows_with

LOADS: Callable[[str], Mapping[str, object]] = partial(json.loads, parse_float=Decimal)


class Source:
    """Rows of a table, given as JSON by the keys of its columns, as something to select from.

    PostgreSQL converts the JSON itself, for every type (`json_populate_recordset`); on SQLite `from_json` reverses
    `in_json`.
    """

    def __init__(self, table: Table, rows: Iterable[Mapping[str, object]], dialect: Dialect) -> None:
        self._names = _names(table, dialect)
        named = [{self._names[key]: _sent(table.columns[key], one) for key, one in row.items()} for row in rows]
        self._of(table, json_of(named), dialect)

    def _of(self, table: Table, text: str, dialect: Dialect) -> None:
        self._parts, self._is_sqlite = (table, text, dialect), dialect.name == "sqlite"
        self.rows: FromClause
        if self._is_sqlite:
            self.rows = func.json_each(literal(text, Text())).table_valued(column("value", Text()))
        else:
            empty: ColumnElement[object] = literal_column(
                f"CAST(NULL AS {dialect.identifier_preparer.format_table(table)})"
            )
            columns = [column(one.name, one.type) for one in table.columns]
            found = func.json_populate_recordset(empty, sql_cast(literal(text, Text()), JSON()))
            self.rows = found.table_valued(*columns)

    def again(self) -> "Source":
        """Return another source of the same rows, for a second use in one statement."""
        made = Source.__new__(Source)
        made._names = self._names  # noqa: SLF001 - as below
        made._of(*self._parts)  # noqa: SLF001 - of another of this class
        return made

    def value(self, own: Column[object]) -> ColumnElement[object]:
        """Return the value of a column."""
        if not self._is_sqlite:
            return self.rows.c[own.name]
        path = literal_column(f"'$.{self._names[own.key]}'", Text())
        member: ColumnElement[object] = self.rows.c.value.op("->")(path)
        return from_json(member, own.type)

    def has(self, own: Sequence[Column[object]], given: Sequence[Column[object]] | None = None) -> ColumnElement[bool]:
        """Return the condition that columns `own` equal one of these rows in the columns `given` (default: `own`)."""
        values = [self.value(one) for one in given or own]
        return rows_with(own, cast("Select[object]", select(*values)))


class Rows(NamedTuple):
    """The rows of a step, by the keys that they have now, and as they are going to be."""

    found: Source
    target: Source


def _names(table: Table, dialect: Dialect) -> dict[str, str]:
    """Return the member names of the JSON by column key; on SQLite they are numbered, so that no path needs escapes."""
    if dialect.name == "sqlite":
        return {one.key: f"c{place}" for place, one in enumerate(table.columns)}
    return {one.key: str(one.name) for one in table.columns}


def _sent(own: Column[object], value: object) -> object:
    """Return a value for the JSON: Decimals become texts, which SQLite reads exactly, except inside a JSON column."""
    return value if isinstance(bare(own.type), JSON) else _in_texts(value)


def _in_texts(value: object) -> object:
    if isinstance(value, list):  # of PostgreSQL's arrays
        return [_in_texts(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
