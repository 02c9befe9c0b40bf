"""A value as somebody types it, as a default that the column's type can hold on both databases."""

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, false, true
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.database.column_types import utcnow


def read_value(type_: TypeEngine[Any], text: str) -> Any:
    """What `server_default` takes for `text`. Raises ValueError, which says what was expected.

    SQLite would take any text for any type, and the first server to read the row would fail.
    """
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    if isinstance(type_, Enum):
        return _read_choice(type_, text)
    python_type = dict if isinstance(type_, JSON) else _python_type(type_)
    expected, read = _READERS.get(python_type, ("text", str))
    try:
        value = read(text.strip() if python_type is not str else text)
    except (ValueError, KeyError, InvalidOperation):
        raise ValueError(f"expected {expected}, found {text!r}") from None
    length = getattr(type_, "length", None) if python_type is str else None
    if length is not None and len(text) > length:
        raise ValueError(f"expected {length} characters at most, found {len(text)}")
    return value


def _read_choice(type_: Enum, text: str) -> str:
    if text not in type_.enums:
        raise ValueError(f"expected one of {', '.join(type_.enums)}, found {text!r}")
    return text


def _python_type(type_: TypeEngine[Any]) -> type[Any]:
    try:
        return type_.python_type
    except NotImplementedError:  # a type of somebody's own, which need not say
        return object


def _number(text: str) -> str:
    if not Decimal(text).is_finite():
        raise ValueError
    return text


def _now(text: str) -> utcnow:
    if text.lower() != "now":
        raise ValueError
    return utcnow()


_BOOLEANS = {"true": true, "yes": true, "1": true, "false": false, "no": false, "0": false}

_READERS: dict[type[Any], tuple[str, Callable[[str], Any]]] = {
    bool: ("true or false", lambda text: _BOOLEANS[text.lower()]()),
    int: ("a whole number", lambda text: str(int(text))),
    float: ("a number", _number),
    Decimal: ("a number", _number),
    datetime: ("`now`, or the default of your choice written into the file", _now),
    date: ("a date such as 2026-01-31", lambda text: date.fromisoformat(text).isoformat()),
    time: ("a time such as 12:30:00", lambda text: time.fromisoformat(text).isoformat()),
    UUID: ("a UUID", lambda text: UUID(text).hex),
    dict: ("JSON", lambda text: json.dumps(json.loads(text))),
}
