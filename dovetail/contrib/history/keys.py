"""Convert the keys of objects between the form they have in URLs and the form they have in lines of the history.

A URL has a key as Python prints it, `False` or `2024-02-29 00:30:00+00:00`. A line has it as the database prints it:
`false` or, on SQLite, `2024-02-29T00:30:00.000000+00:00`.
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
    """Return the values of a key in a URL, `12` or `3;7`; None if the text cannot be a key of these columns."""
    parts = [text] if len(columns) == 1 else split_key(text)
    if len(parts) != len(columns) or "\0" in text:
        return None
    values = [_read(column, part) for column, part in zip(columns, parts, strict=True)]
    return None if None in values else values


def values_of_keys(columns: Sequence[Column[object]], texts: Iterable[str]) -> dict[str, tuple[object, ...]]:
    """Return the values of those texts that can be keys of these columns, by text."""
    return {text: tuple(values) for text in texts if (values := read_key(columns, text)) is not None}


def written_key(columns: Sequence[Column[object]], text: str) -> str | ColumnElement[str]:
    """Return a key from a URL in the form that lines have; the text itself if it cannot be a key."""
    values = read_key(columns, text)
    if values is None or all(isinstance(one, str) for one in values):
        return text
    return object_key([_as_literal(column, value) for column, value in zip(columns, values, strict=True)])


def _read(column: Column[object], text: str) -> object:
    adapter = _adapter(column)
    try:
        return None if adapter is None else adapter.validate_python(text)
    except ValueError:
        return None


@lru_cache(maxsize=1024)  # building an adapter is far slower than using it
def _adapter(column: Column[object]) -> TypeAdapter[object] | None:
    kind = python_type(column.type)
    return None if kind is None else TypeAdapter(kind)


def _as_literal(column: Column[object], value: object) -> ColumnElement[object]:
    """Return a value for the database to print; with an unlimited type, which does not truncate long values."""
    if isinstance(value, str):
        return cast("ColumnElement[object]", literal(value, Text()))
    if isinstance(value, Decimal) and isinstance(column.type, Numeric):
        return cast("ColumnElement[object]", literal(_with_scale(value, column.type.scale), Numeric()))
    return literal(value, column.type)


def _with_scale(value: Decimal, scale: int | None) -> Decimal:
    """Return a number with the decimals that PostgreSQL prints for the column; unchanged if it has more."""
    try:
        scaled = value if scale is None else value.quantize(Decimal(1).scaleb(-scale))
    except ArithmeticError:  # too many digits
        return value
    return scaled if scaled == value else value
