"""Read what people type for a value of a column, with pydantic: in forms and in filters alike."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter
from sqlalchemy import DateTime, Enum, Interval, Numeric, String, Uuid
from sqlalchemy.types import ARRAY, TypeDecorator, TypeEngine

from dovetail.contrib.admin.columns.texts import read_day, read_moment
from dovetail.database.column_types import UTCDateTime
from dovetail.resources.query.comparable import python_type, read_value
from dovetail.translation.texts import gettext
from dovetail.translation.zones import active_zone, instant

Reader = Callable[[str], Any]


def reader_of(column_type: TypeEngine[Any], *, exactly: bool = False) -> Reader | None:
    """Return what reads a value of a column, raising ValueError for what is none; None for types without such values.

    `exactly` refuses decimals with more digits than the column keeps.
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
    if exactly and type(column_type) is Numeric and column_type.asdecimal:
        limits = Field(allow_inf_nan=False, max_digits=column_type.precision, decimal_places=column_type.scale)
        annotation = Annotated[Decimal, limits]
    if annotation is date:
        return lambda text: _read(TypeAdapter(date), read_day(text))
    return str if annotation is str else partial(_read, TypeAdapter(annotation))


def is_text(column_type: TypeEngine[object]) -> bool:
    """Return whether a column holds texts, so that a part of one can be looked for."""
    return isinstance(bare(column_type), String) and not isinstance(column_type, Enum)


def bare(column_type: TypeEngine[object]) -> TypeEngine[object]:
    """Return the type behind types of an author's own."""
    # SQLAlchemy makes a date of an interval where the database has none.
    while isinstance(column_type, TypeDecorator) and not isinstance(column_type, Interval):
        column_type = column_type.impl_instance
    return column_type


def _is_aware(column_type: TypeEngine[object]) -> bool:
    return bool(getattr(bare(column_type), "timezone", False))


def _read(adapter: TypeAdapter[object], text: str) -> Any:
    value, errors = read_value(adapter, "", text.strip())
    if errors:
        raise ValueError(f"{errors[0].detail.rstrip('.')}.")
    return value


def _read_moment(adapter: TypeAdapter[object], text: str, *, aware: bool) -> datetime:
    value: datetime = _read(adapter, read_moment(text))
    if aware:
        # A day begins wherever its midnight is put forward to; a time that was typed has to be one.
        return instant(value) if ":" in text else value.replace(tzinfo=value.tzinfo or active_zone())
    if value.tzinfo is not None:
        raise ValueError(gettext("Write this without a time zone."))
    return value
