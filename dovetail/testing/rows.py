"""Fill tables with made-up rows, so that a migration meets data."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Enum, MetaData, Table, func, insert, inspect, select, table, types
from sqlalchemy.exc import IntegrityError

ROWS = 2  # a table, enough to break a wrong unique constraint


def fill_tables(connection: Connection, tables: Iterable[str]) -> None:
    """Put rows into those of `tables` that have none, after the tables they refer to.

    Values are made up by type. A table whose CHECK constraints refuse made-up values stays empty.
    """
    empty = [name for name in tables if not _count(connection, name)]
    if not empty:  # nor is anything reflected, which takes longest
        return
    metadata = MetaData()
    metadata.reflect(connection, only=empty)  # and what they refer to
    for reflected in metadata.sorted_tables:
        if reflected.name in empty:
            _fill(connection, reflected)


def count_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {name: _count(connection, name) for name in inspect(connection).get_table_names()}


def _count(connection: Connection, name: str) -> int:
    return connection.scalar(select(func.count()).select_from(table(name))) or 0


def _fill(connection: Connection, reflected: Table) -> None:
    for number in range(1, ROWS + 1):
        values = {
            column.name: _value(connection, column, number) for column in reflected.columns if column.computed is None
        }
        try:
            with connection.begin_nested():
                connection.execute(insert(reflected).values(values))
        except IntegrityError:
            return


def _value(connection: Connection, column: Column[object], number: int) -> object:
    for key in column.foreign_keys:
        found = connection.scalars(select(key.column).order_by(key.column).limit(number)).all()
        if found:
            return found[-1]
        if column.nullable:
            return None
    if isinstance(column.type, Enum):
        return column.type.enums[0]
    for kind, value in _EXAMPLES:
        if isinstance(column.type, kind):
            return value(number, column)
    return None


def _text(number: int, column: Column[object]) -> str:
    length = getattr(column.type, "length", None)
    text = f"{number} {column.name} ä'%"
    return text[:length] if length else text


_EXAMPLES: tuple[tuple[type[types.TypeEngine[Any]], Callable[[int, Column[object]], object]], ...] = (
    (types.Boolean, lambda number, _column: number % 2 == 0),
    (types.Integer, lambda number, _column: number),
    (types.Float, lambda number, _column: number / 2),
    (types.Numeric, lambda number, _column: Decimal(number)),
    (
        types.DateTime,
        lambda number, column: datetime(
            2026, 1, number, tzinfo=UTC if getattr(column.type, "timezone", False) else None
        ),
    ),
    (types.Date, lambda number, _column: date(2026, 1, number)),
    (types.Time, lambda number, _column: time(number)),
    (types.Uuid, lambda number, _column: UUID(int=number)),
    (types.JSON, lambda number, _column: {"number": number}),
    (types.LargeBinary, lambda number, _column: bytes([number])),
    (types.String, _text),
)
