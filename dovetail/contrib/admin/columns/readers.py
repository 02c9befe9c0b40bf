"""Parse typed values of columns with pydantic, in forms and in filters alike."""

import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, FiniteFloat, TypeAdapter
from sqlalchemy import REAL, Date, DateTime, Enum, Float, Interval, Numeric, String, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import ARRAY, TypeDecorator, TypeEngine

from dovetail.contrib.admin.columns.texts import read_day, read_duration, read_moment
from dovetail.database.column_types import DatetimeRangeError, UTCDateTime, moment_in_utc
from dovetail.errors import FieldError
from dovetail.resources.query.comparable import python_type, read_value
from dovetail.translation.texts import get_language, gettext, gettext_lazy
from dovetail.translation.zones import active_zone, instant

SINGLE, LARGEST_SINGLE = 24, 3.4028234663852886e38  # binary digits, and the largest number with so many
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
Reader = Callable[[str], Any]
Number = Numeric[Decimal] | Numeric[float] | Float[Decimal] | Float[float]
UNFIT = gettext_lazy("This value does not fit here.")
WRONG = (  # by pydantic's type of the error
    ("int", gettext_lazy("This is no whole number.")),
    ("decimal_max", gettext_lazy("This number has too many digits.")),
    ("decimal", gettext_lazy("This is no number.")),
    ("float", gettext_lazy("This is no number.")),
    ("finite", gettext_lazy("A number is not finite.")),
    ("datetime", gettext_lazy("This is no time, such as 2026-12-24 18:00.")),
    ("date", gettext_lazy("This is no date, such as 2026-12-24.")),
    ("time_delta", gettext_lazy("This is no duration, such as 2 days, 01:30:00.")),
    ("time", gettext_lazy("This is no time of day, such as 18:00.")),
    ("uuid", gettext_lazy("This is no UUID.")),
    ("bool", gettext_lazy("This is neither true nor false.")),
    ("less_than", gettext_lazy("This is too large.")),
    ("greater_than", gettext_lazy("This is too small.")),
    ("string_too_long", gettext_lazy("This is too long.")),
)


def reader_of(column_type: TypeEngine[Any], *, exactly: bool = False) -> Reader | None:
    """Return the function that parses values of a column or raises ValueError; None for types that cannot be typed.

    With `exactly`, decimals with more digits than the column stores are refused.
    """
    if isinstance(column_type, Enum | ARRAY) or bare(column_type).__class__.__name__ in {"LargeBinary", "BYTEA"}:
        return None
    if isinstance(column_type, UTCDateTime) or isinstance(bare(column_type), DateTime):
        return partial(_read_moment, TypeAdapter(datetime), aware=_is_aware(column_type))
    if isinstance(column_type, Uuid) and not column_type.as_uuid:
        return lambda text: str(_read(TypeAdapter(UUID), text))
    annotation = python_type(column_type)
    if annotation is None:
        return None
    if exactly and isinstance(column_type, Numeric | Float):
        annotation = _within(column_type)
    if isinstance(bare(column_type), Date | Interval | postgresql.INTERVAL):
        in_code = read_day if isinstance(bare(column_type), Date) else read_duration
        return lambda text: _read(TypeAdapter(annotation), in_code(text))
    return partial(_read, TypeAdapter(annotation), is_text=is_text(column_type))


def is_text(column_type: TypeEngine[object]) -> bool:
    """Return True if a column contains texts, so that it can be searched for a substring."""
    kinds = (bare(column_type), _kept_by_postgresql(column_type))
    return all(isinstance(kind, String) and not isinstance(kind, Enum) for kind in kinds)


def bare(column_type: TypeEngine[object]) -> TypeEngine[object]:
    """Return the underlying type of a TypeDecorator."""
    # SQLAlchemy stores an interval as a date if the database has no such type.
    while isinstance(column_type, TypeDecorator) and not isinstance(column_type, Interval):
        column_type = column_type.impl_instance
    return column_type


def message_of(error: FieldError) -> str:
    """Return the message about an invalid value: a translated one, or else pydantic's, which is English.

    Pydantic's messages about dates and durations are for programmers: "a valid timedelta, invalid digit in duration".
    """
    if get_language().partition("-")[0] == "en" and not error.type.startswith(("date", "time")):
        return f"{error.detail.rstrip('.')}."
    return next((str(said) for start, said in WRONG if error.type.startswith(start)), str(UNFIT))


def _within(kind: Number) -> object:
    """Return the type of the numbers that both databases can store in the column."""
    if isinstance(kind, Numeric) and kind.precision is not None:
        if kind.asdecimal:
            sized = Field(allow_inf_nan=False, max_digits=kind.precision, decimal_places=kind.scale)
            return Annotated[Decimal, sized]
        limit = 10 ** (kind.precision - (kind.scale or 0))
        return Annotated[FiniteFloat, Field(gt=-limit, lt=limit)]
    is_single = isinstance(kind, REAL) or (isinstance(kind, Float) and (kind.precision or SINGLE + 1) <= SINGLE)
    largest = LARGEST_SINGLE if is_single else sys.float_info.max
    if kind.asdecimal:
        return Annotated[
            Decimal, Field(allow_inf_nan=False, max_digits=1000, ge=-Decimal(largest), le=Decimal(largest))
        ]
    return Annotated[FiniteFloat, Field(ge=-largest, le=largest)]


def _kept_by_postgresql(kind: TypeEngine[object]) -> TypeEngine[object]:
    while isinstance(kind, TypeDecorator) and not isinstance(kind, Interval):
        kind = kind.load_dialect_impl(POSTGRESQL)
    return kind


def _is_aware(column_type: TypeEngine[object]) -> bool:
    return bool(getattr(bare(column_type), "timezone", False))


def _read(adapter: TypeAdapter[object], text: str, *, is_text: bool = False) -> Any:
    value, errors = read_value(adapter, "", text if is_text else text.strip())
    if errors:
        raise ValueError(message_of(errors[0]))
    return value


def _read_moment(adapter: TypeAdapter[object], text: str, *, aware: bool) -> datetime:
    value: datetime = _read(adapter, read_moment(text))
    if aware:
        # A day may begin after midnight when clocks change; a typed time has to exist.
        found = instant(value) if ":" in text else value.replace(tzinfo=value.tzinfo or active_zone())
        try:
            moment_in_utc(found)
        except DatetimeRangeError:
            raise ValueError(str(UNFIT)) from None
        return found
    if value.tzinfo is not None:
        raise ValueError(gettext("Write this without a time zone."))
    return value
