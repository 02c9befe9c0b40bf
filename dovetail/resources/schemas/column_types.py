"""The types of fields that columns make: what a client may send for a column, and what is answered of it.

The limits are the column's own, so that both databases take what a schema takes.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum as PythonEnum
from typing import Annotated, Literal, TypeAlias, cast
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, JsonValue, NaiveDatetime
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
    Time,
)
from sqlalchemy.dialects.postgresql import (
    DOMAIN,
    HSTORE,
    JSONPATH,
    MONEY,
    OID,
    REGCLASS,
    REGCONFIG,
    TSQUERY,
    TSVECTOR,
)
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.api.schemas import NOT_BLANK, BodyId, NotBlank, UTCTime
from dovetail.database.column_types import UTCDateTime, largest_number
from dovetail.files.columns import FileField
from dovetail.files.schemas import StoredFileRead
from dovetail.files.tokens import upload_type
from dovetail.resources.schemas.values.sent_values import EVEN, NO_FLAG, ZONED, ZONELESS
from dovetail.resources.schemas.values.text_forms import text_form

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

# Why no schema is made of them, and what to do.
UNFIT: tuple[tuple[type, str], ...] = (
    (MONEY, "PostgreSQL writes money in the language of its server; make it Numeric(14, 2)"),
    (REGCLASS, "it names a thing of the database's own; make it a String"),
    (REGCONFIG, "it names a thing of the database's own; make it a String"),
)
# They say of themselves that they hold texts.
UNFIT_BY_NAME: Mapping[str, str] = {
    "sqlalchemy_utils.ChoiceType": "it stores any text, and cannot read one that is no choice; make it an Enum",
    "sqlalchemy_utils.IPAddressType": "it stores any text, and cannot read one that is no address; make it a String",
}

Limits: TypeAlias = Mapping[str, int | timedelta]


def answered_type(column: Column[object]) -> object | None:
    """Return the type of a column's values in an answer, without null; None if no schema can say it."""
    return _type(column.type, is_sent=False)


def type_of_values(kind: TypeEngine[object]) -> object | None:
    """Return the type of values in an answer, as above."""
    return _type(kind, is_sent=False)


def sent_type(column: Column[object]) -> object | None:
    """Return the type of the values that a client may send for a column, without null; None as above.

    A text that has to be given is not blank.
    """
    if isinstance(column.type, FileField):
        return upload_type(column.table.name, column.name)
    found = _type(column.type, is_sent=True)
    if isinstance(column.type, Integer) and column.foreign_keys:
        return BodyId
    if found is JsonValue and not column.nullable:  # JSON's own null would be a value that no form can hold
        return Annotated[found, AfterValidator(_not_null)]
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


def why_unfit(kind: TypeEngine[object]) -> str:
    """Return why no schema can be made of a type, where there is more to say than that nobody says what it holds."""
    name = f"{type(kind).__module__.partition('.')[0]}.{type(kind).__name__}"
    return UNFIT_BY_NAME.get(name) or next((why for special, why in UNFIT if isinstance(kind, special)), "")


def type_below(kind: TypeEngine[object]) -> TypeEngine[object] | None:
    """Return the type whose values a domain has, or a type that a site wrote; None if it says itself what they are."""
    if isinstance(kind, DOMAIN):
        return kind.data_type
    if not isinstance(kind, TypeDecorator) or type(kind).python_type is not TypeEngine.python_type:
        return None
    readers = (type(kind).process_result_value, type(kind).result_processor)
    is_changed = readers != (TypeDecorator.process_result_value, TypeDecorator.result_processor)
    return None if is_changed else kind.impl_instance  # nobody says into what


def _not_null(value: JsonValue) -> JsonValue:
    if value is None:
        raise ValueError("expected a value, found null")
    return value


def _type(kind: TypeEngine[object], *, is_sent: bool) -> object | None:
    if why_unfit(kind):
        return None
    for special, made in _SPECIAL:
        if isinstance(kind, special):
            return made(kind)
    form = text_form(kind)
    if form is not None:
        text = Annotated[str, form.check] if is_sent else Annotated[str, BeforeValidator(form.write)]
        return list[text] if isinstance(kind, AbstractMultiRange) else text  # type: ignore[valid-type]  # known at run time only
    if isinstance(kind, ARRAY):
        item = _type(kind.item_type, is_sent=is_sent)
        return None if item is None else _array(item, kind.dimensions or 1)
    other = type_below(kind)
    return _plain(kind, is_sent=is_sent) if other is None else _type(other, is_sent=is_sent)


def _plain(kind: TypeEngine[object], *, is_sent: bool) -> object | None:
    try:
        found = kind.python_type
    except NotImplementedError:
        return None
    if not (issubclass(found, PythonEnum) or found in PLAIN):
        return None
    return _within_limits(found, kind) if is_sent else found


def _array(item: object, dimensions: int) -> object:
    """Return the type of lists in lists, of which those at one depth have one length, as PostgreSQL wants it."""
    for _ in range(dimensions):
        item = list[item]  # type: ignore[valid-type]  # known at run time only
    return item if dimensions == 1 else Annotated[item, EVEN]


def _within_limits(found: type, kind: TypeEngine[object]) -> object:
    if found is datetime:
        return _moment(kind)
    if found is time:
        return Annotated[time, ZONED if isinstance(kind, Time) and kind.timezone else ZONELESS]
    if found is float:
        return Annotated[FiniteFloat, NO_FLAG]
    limits = limits_of(found, kind)
    if not limits:
        return found
    rules = (NO_FLAG,) if found in {int, timedelta} else ()
    return Annotated[found, *rules, Field(**limits, allow_inf_nan=False if found is Decimal else None)]  # type: ignore[call-overload]  # the names are Field's


def _member(kind: TypeEngine[object]) -> object:
    return kind.enum_class or Literal[tuple(kind.enums)]  # type: ignore[attr-defined]  # of an Enum


def _moment(kind: TypeEngine[object]) -> object:
    # A moment without a zone is none that two databases agree on, and with one the column would lose it.
    return UTCTime if isinstance(kind, DateTime) and kind.timezone else NaiveDatetime


_SPECIAL: tuple[tuple[type | tuple[type, ...], Callable[[TypeEngine[object]], object]], ...] = (
    (UTCDateTime, lambda _: UTCTime),
    (Enum, _member),
    (JSON, lambda _: JsonValue),
    (FileField, lambda _: StoredFileRead),
    (OID, lambda _: Annotated[int, NO_FLAG, Field(ge=0, lt=2**32)]),
    (HSTORE, lambda _: dict[str, str | None]),
    ((TSVECTOR, TSQUERY, JSONPATH), lambda _: str),  # the database knows what is right
)
