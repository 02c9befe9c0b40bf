"""Read and write recorded values with all digits of their numbers; a float is only exact to fifteen."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from secrets import token_hex
from typing import TypeAlias

from sqlalchemy import JSON, ColumnElement, Dialect, Text, cast, type_coerce
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

Snapshot: TypeAlias = Mapping[str, object]  # the values of a row, by field name
MARK = token_hex(16)  # occurs in no value, since nobody knows it
MARKED = re.compile(f'"{MARK}([^"]*)"')
MARKED_JSON = re.compile(rf'"{MARK}((?:[^"\\]|\\.)*)"')


class ExactJSON(TypeDecorator[Snapshot]):
    """A JSON object that is never null; numbers that no float equals are Decimals in Python."""

    impl = JSON
    cache_ok = True

    @override
    def column_expression(self, column: ColumnElement[Snapshot]) -> ColumnElement[Snapshot]:
        """Select the text: asyncpg would parse the JSON, and round its numbers, before this type sees it."""
        return type_coerce(cast(column, Text), self)

    @override
    def bind_processor(self, dialect: Dialect) -> Callable[[object], str]:
        """Return the function that writes an object as JSON text."""
        return json_of

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Snapshot | None]:
        """Return the function that reads the text that `column_expression` selects; an outer join finds none."""
        return lambda text: None if text is None else read_snapshot(text)


def read_snapshot(text: str) -> Snapshot:
    """Return the values in a JSON object."""
    found: Snapshot = LOADS(text)
    return found


def json_of(value: object) -> str:
    """Return a JSON value as text; its Decimals are numbers there, which Python's `json` alone cannot write."""
    return MARKED.sub(r"\1", json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_marked))


def marked_values(values: Snapshot) -> dict[str, str]:
    """Return the JSON text of each value, marked, so that it passes through pydantic, which knows only floats."""
    texts = {name: json_of(value).encode("utf-8", "backslashreplace").decode() for name, value in values.items()}
    return {name: f"{MARK}{text}" for name, text in texts.items()}


def unmarked(text: str) -> str:
    """Return a JSON text with the values from `marked_values` in it as the JSON that they are."""
    return MARKED_JSON.sub(lambda found: str(json.loads(f'"{found[1]}"')), text)


def _number(text: str) -> float | Decimal:
    found, exact = float(text), Decimal(text)
    return found if Decimal(repr(found)) == exact else exact


def _marked(value: object) -> str:
    assert isinstance(value, Decimal)  # noqa: S101 - the only type in recorded values that `json` does not know
    return f"{MARK}{value}"


LOADS = partial(json.loads, parse_float=_number)
