"""The types of fields that columns make: what a client may send for a column, and what is answered of it.

The limits are the column's own, so that both databases take what a schema takes.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum as PythonEnum
from typing import Annotated, Literal, TypeAlias, cast
from uuid import UUID

from pydantic import Field, FiniteFloat, JsonValue, NaiveDatetime
from pydantic.config import JsonDict
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.api.schemas import NOT_BLANK, BodyId, NotBlank, UTCTime
from dovetail.database.column_types import UTCDateTime, largest_number
from dovetail.files.columns import FileField
from dovetail.files.schemas import StoredFileRead
from dovetail.files.tokens import upload_type

PLAIN = (
    str,
    int,
    float,
    bool,
    Decimal,
    datetime,
    date,
    time,
    timedelta,
    UUID,
    bytes,
)  # as pydantic reads and writes them
LONGEST_INTERVAL = timedelta(days=100_000_000)  # PostgreSQL's is 178,000,000 years, Python's 2,700,000

Limits: TypeAlias = Mapping[str, int | timedelta]


def answered_type(column: Column[object]) -> object | None:
    """Return the type of a column's values in an answer, without null; None if no schema can say it."""
    return _type(column.type, is_sent=False)


def sent_type(column: Column[object]) -> object | None:
    """Return the type of the values that a client may send for a column, without null; None as above.

    A text that has to be given is not blank.
    """
    if isinstance(column.type, FileField):
        return upload_type(column.table.name, column.name)
    found = _type(column.type, is_sent=True)
    if isinstance(column.type, Integer) and column.foreign_keys:
        return BodyId
    is_text = isinstance(column.type, String) and not isinstance(column.type, Enum)
    if is_text and not column.nullable and column.default is None and column.server_default is None:
        return Annotated[found, Field(min_length=1, json_schema_extra=cast("JsonDict", NOT_BLANK)), NotBlank()]
    return found


def limits_of(found: object, kind: TypeEngine[object]) -> Limits:
    """Return the limits of a column for values of the type `found`, by the names that pydantic has for them."""
    if found is str:
        length = getattr(kind, "length", None)
        return {} if length is None else {"max_length": length}
    if found is int:
        return {"ge": -largest_number(kind) - 1, "le": largest_number(kind)}
    if found is Decimal:
        is_sized = isinstance(kind, Numeric) and not isinstance(kind, Float) and kind.precision is not None
        return {"max_digits": kind.precision, "decimal_places": kind.scale or 0} if is_sized else {"max_digits": 1000}  # type: ignore[attr-defined]  # of a Numeric
    return {"ge": -LONGEST_INTERVAL, "le": LONGEST_INTERVAL} if found is timedelta else {}


def _type(kind: TypeEngine[object], *, is_sent: bool) -> object | None:
    for special, made in _SPECIAL:
        if isinstance(kind, special):
            return made(kind)
    if isinstance(kind, ARRAY):
        item = _type(kind.item_type, is_sent=is_sent)
        return None if item is None else list[item]  # type: ignore[valid-type]  # known at run time only
    if isinstance(kind, TypeDecorator) and type(kind).python_type is TypeEngine.python_type:
        changes = type(kind).process_result_value is not TypeDecorator.process_result_value
        return None if changes else _type(kind.impl_instance, is_sent=is_sent)  # else nobody says into what
    try:
        found = kind.python_type
    except NotImplementedError:
        return None
    if not (issubclass(found, PythonEnum) or found in PLAIN):
        return None
    return _within_limits(found, kind) if is_sent else found


def _within_limits(found: type, kind: TypeEngine[object]) -> object:
    if found is datetime:
        return _moment(kind)
    limits = limits_of(found, kind)
    if not limits:
        return FiniteFloat if found is float else found
    return Annotated[found, Field(**limits, allow_inf_nan=False if found is Decimal else None)]  # type: ignore[call-overload]  # the names are Field's


def _member(kind: TypeEngine[object]) -> object:
    return kind.enum_class or Literal[tuple(kind.enums)]  # type: ignore[attr-defined]  # of an Enum


def _moment(kind: TypeEngine[object]) -> object:
    # A moment without a zone is none that two databases agree on, and with one the column would lose it.
    return UTCTime if isinstance(kind, DateTime) and kind.timezone else NaiveDatetime


_SPECIAL: tuple[tuple[type, Callable[[TypeEngine[object]], object]], ...] = (
    (UTCDateTime, lambda _: UTCTime),
    (Enum, _member),
    (JSON, lambda _: JsonValue),
    (FileField, lambda _: StoredFileRead),
)
