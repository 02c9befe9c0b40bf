"""The values that a column can be compared with, as pydantic reads them from a URL.

Members of an Enum are compared in the order in which they are declared, whatever a database keeps of them.
"""

import enum
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, PlainSerializer, TypeAdapter, ValidationError
from sqlalchemy import DateTime, Enum, String, Time
from sqlalchemy.dialects.postgresql import OID
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.api.schemas import UTCTime
from dovetail.database.column_types import UTCDateTime, largest_number, moment_in_utc
from dovetail.errors import FieldError
from dovetail.resources.schemas.column_types import type_below
from dovetail.resources.schemas.values.text_forms import TextForm, text_form

Clock = TypeVar("Clock", datetime, time)
OF_ORDER = ("lt", "lte", "gt", "gte", "range")  # the lookups that ask for an order
LONGEST_TEXT = 1_000  # characters of a text to compare with; a column that holds longer ones takes longer ones


def _no_number(text: object) -> object:
    # pydantic takes a number for seconds since 1970, which no document promises.
    if isinstance(text, str) and NUMBER.fullmatch(text):
        raise ValueError("expected a date or time as ISO 8601 writes it, found a number")
    return text


NUMBER = re.compile(r"\s*[+-]?[0-9._]+\s*")
SIMPLE: dict[type, object] = (
    {kind: kind for kind in (bool, timedelta, UUID)}
    | {kind: Annotated[kind, BeforeValidator(_no_number)] for kind in (datetime, date, time)}
    | {
        float: FiniteFloat,
        Decimal: Annotated[Decimal, Field(allow_inf_nan=False, max_digits=1000)],
    }
)


def python_type(column_type: TypeEngine[object]) -> Any:
    """Return the type of a column's values, with its limits; None if a URL cannot hold one (JSON, bytes)."""
    if isinstance(column_type, UTCDateTime):
        return Annotated[UTCTime, BeforeValidator(_no_number)]
    if isinstance(column_type, Enum):
        return Literal[tuple(column_type.enums)] if column_type.enum_class is None else _member(column_type.enum_class)
    if isinstance(column_type, OID):
        return Annotated[int, Field(ge=0, lt=2**32)]
    plain = _plain(column_type)
    is_told = plain is not None and (isinstance(column_type, String) or column_type.python_type is not str)
    return plain if is_told else _of_few(column_type, plain)


def read_value(adapter: TypeAdapter[object], name: str, text: str) -> tuple[object, list[FieldError]]:
    """Return the value that `text` stands for, and what is wrong with the parameter `name`."""
    try:
        return adapter.validate_python(text), []
    except ValidationError as error:
        return None, [
            FieldError(pointer=name, detail=problem["msg"].removeprefix("Value error, "), type=problem["type"])
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        ]


def members_in_order(column_type: TypeEngine[object]) -> tuple[object, ...]:
    """Return the members of an Enum as they are declared; an empty tuple for every other type."""
    found = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    if not isinstance(found, Enum):
        return ()
    if found.enum_class is not None:
        return tuple(found.enum_class)
    return tuple(found.enums) if isinstance(column_type, Enum) else ()


def members_meant(members: Sequence[object], lookup_name: str, value: object) -> Sequence[object]:
    """Return the members that a comparison with a value means, which is a list of two for `range`."""
    first, last = value if isinstance(value, list) else (value, value)
    start, end = members.index(first), members.index(last)
    match lookup_name:
        case "lt":
            return members[:end]
        case "lte":
            return members[: end + 1]
        case "gt":
            return members[start + 1 :]
        case "gte":
            return members[start:]
    return members[start : end + 1]


def _of_few(column_type: TypeEngine[object], plain: object) -> object:
    """Return the type of what has a text of its own in a URL, or is told by the type below it."""
    form = text_form(column_type)
    if form is not None:
        return _text(form) if form.is_ordered else None
    other = type_below(column_type)
    return plain if other is None else python_type(other)


def _plain(column_type: TypeEngine[object]) -> object:
    try:
        found = column_type.python_type
    except NotImplementedError:
        return None
    if issubclass(found, enum.Enum):
        return found
    return _with_limits(found, column_type)


def _member(members: type[enum.Enum]) -> object:
    def named(text: object) -> object:
        return next((one for one in members if text == str(one.value)), text)  # a number or so, which a URL has as text

    return Annotated[members, BeforeValidator(named)]


def _text(form: TextForm) -> object:
    return Annotated[str, BeforeValidator(str), form.check, PlainSerializer(form.write)]


def _with_limits(found: type, column_type: TypeEngine[object]) -> Any:
    if found is str:
        return Annotated[str, Field(max_length=max(LONGEST_TEXT, getattr(column_type, "length", None) or 0))]
    if found is int:
        return Annotated[int, Field(ge=-largest_number(column_type) - 1, le=largest_number(column_type))]
    if isinstance(column_type, DateTime | Time):
        return Annotated[SIMPLE[found], AfterValidator(_with_zone if column_type.timezone else _without_zone)]
    return SIMPLE.get(found)


def _with_zone(value: Clock) -> Clock:
    if value.tzinfo is None:
        raise ValueError("expected a time with its zone, such as 12:00:00Z")
    if isinstance(value, datetime):
        moment_in_utc(value)
    return value


def _without_zone(value: Clock) -> Clock:
    if value.tzinfo is not None:
        raise ValueError("expected a time without a zone, such as 12:00:00")
    return value
