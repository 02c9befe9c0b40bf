"""Read the keys of objects in addresses, and say under which text the lines of the history have them.

An address has a key as Python writes it, `False` and `2024-02-29 00:30:00+00:00`, and a line as the database did:
`false` and, on SQLite, `2024-02-29T00:30:00.000000+00:00`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import cast

from pydantic import TypeAdapter
from sqlalchemy import Column, ColumnElement, Numeric, Text, literal

from dovetail.contrib.history.recording.lines import object_key
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.keys import split_key


def read_key(columns: Sequence[Column[object]], text: str) -> list[object] | None:
    """Return the values of a key that stands in an address, `12` or `3;7`; None for what cannot be one."""
    parts = [text] if len(columns) == 1 else split_key(text)
    if len(parts) != len(columns) or "\0" in text:
        return None
    values = [_read(column, part) for column, part in zip(columns, parts, strict=True)]
    return None if None in values else values


def values_of_keys(columns: Sequence[Column[object]], texts: Iterable[str]) -> dict[str, tuple[object, ...]]:
    """Return the values of those texts that can be keys: the words of a line are often not Python's."""
    return {text: tuple(values) for text in texts if (values := read_key(columns, text)) is not None}


def written_key(columns: Sequence[Column[object]], text: str) -> str | ColumnElement[str]:
    """Return a key that stands in an address as lines have it: the text itself, where it is not a value's."""
    values = read_key(columns, text)
    if values is None or all(isinstance(one, str) for one in values):
        return text
    return object_key([_told(column, value) for column, value in zip(columns, values, strict=True)])


def _read(column: Column[object], text: str) -> object:
    adapter = _adapter(column)
    try:
        return None if adapter is None else adapter.validate_python(text)
    except ValueError:
        return None


@lru_cache(maxsize=1024)  # to make one takes far longer than to read by it
def _adapter(column: Column[object]) -> TypeAdapter[object] | None:
    kind = python_type(column.type)
    return None if kind is None else TypeAdapter(kind)


def _told(column: Column[object], value: object) -> ColumnElement[object]:
    """Return a value for the database to write; in a type without limits, or it would cut off what is too long."""
    if isinstance(value, str):
        return cast("ColumnElement[object]", literal(value, Text()))
    if isinstance(value, Decimal) and isinstance(column.type, Numeric):
        return cast("ColumnElement[object]", literal(_with_scale(value, column.type.scale), Numeric()))
    return literal(value, column.type)


def _with_scale(value: Decimal, scale: int | None) -> Decimal:
    """Return a number with the digits that PostgreSQL writes of a column's; as it is if it has others."""
    try:
        scaled = value if scale is None else value.quantize(Decimal(1).scaleb(-scale))
    except ArithmeticError:  # too many digits
        return value
    return scaled if scaled == value else value
