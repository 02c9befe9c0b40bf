"""Convert the values of a column to another type on SQLite, as PostgreSQL does, or refuse.

SQLite's CAST makes 0 of any text, and 2026 of a date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    JSON,
    Boolean,
    ClauseElement,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Time,
    Uuid,
    case,
    cast,
    false,
    func,
    type_coerce,
)
from sqlalchemy.types import NullType, TypeEngine

Value = ColumnElement[object]
Kind = type[object] | None


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """The new value, and the condition on the old one under which there is one."""

    value: ClauseElement
    is_possible: ColumnElement[bool] | None = None


def conversion(value: Value, old: TypeEngine[object], new: TypeEngine[object]) -> Conversion | None:
    """Return how the values of a column of the type `old` become those of `new`; None if they stay as they are."""
    before, after = _kind(old), _kind(new)
    if before is after or NullType in {before, after} or (before, after) in _KEPT_ALIKE:
        return None
    convert = _CONVERSIONS.get((before, after))
    return convert(value) if convert else Conversion(value=value, is_possible=false())


def _kind(declared: TypeEngine[object]) -> Kind:
    # Imported here, with the ORM: hardly a migration changes a type.
    from dovetail.database.drivers.sqlalchemy_private_statements import kind_of, variants_of

    found = kind_of(variants_of(declared).get("sqlite", declared))
    return Numeric if found is Float else found


def _text_of_truth(value: Value) -> Conversion:
    return Conversion(value=case((value.is_(None), None), (value == 1, "true"), else_="false"))


def _text_of_number(value: Value) -> Conversion:
    return Conversion(value=cast(value, String))


def _whole_number(value: Value) -> Conversion:
    return Conversion(value=cast(func.round(value), Integer))


def _whole_number_of_text(value: Value) -> Conversion:
    text = func.trim(value)
    digits = case((func.substr(text, 1, 1).in_(("+", "-")), func.substr(text, 2)), else_=text)
    return Conversion(value=cast(text, Integer), is_possible=(digits != "") & ~digits.op("GLOB")("*[^0-9]*"))


def _number_of_text(value: Value) -> Conversion:
    text = func.trim(value)
    is_number = case((func.json_valid(text) == 1, func.json_type(text).in_(("integer", "real"))))
    return Conversion(value=func.json_extract(text, "$"), is_possible=is_number)


def _truth_of_text(value: Value) -> Conversion:
    word = func.lower(func.trim(value))
    yes, no = ("t", "true", "y", "yes", "on", "1"), ("f", "false", "n", "no", "off", "0")
    return Conversion(value=case((word.in_(yes), 1), (word.in_(no), 0)), is_possible=word.in_((*yes, *no)))


def _truth_of_number(value: Value) -> Conversion:
    return Conversion(value=case((value.is_(None), None), (value == 0, 0), else_=1))


def _moment_of_date(value: Value) -> Conversion:
    return Conversion(value=type_coerce(value, String).concat(" 00:00:00.000000"))


def _part(start: int, length: int) -> Callable[[Value], Conversion]:
    return lambda value: Conversion(value=func.substr(value, start, length))


def _of_clock(form: str, more: str = "") -> Callable[[Value], Conversion]:
    def convert(value: Value) -> Conversion:
        found = func.strftime(form, value)
        return Conversion(value=found.concat(more) if more else found, is_possible=found.is_not(None))

    return convert


def _uuid_of_text(value: Value) -> Conversion:
    digits = func.replace(func.lower(func.trim(value)), "-", "")
    is_uuid = (func.length(digits) == 32) & ~digits.op("GLOB")("*[^0-9a-f]*")  # noqa: PLR2004 - digits of a UUID
    return Conversion(value=digits, is_possible=is_uuid)


def _json_of_text(value: Value) -> Conversion:
    return Conversion(value=value, is_possible=func.json_valid(value) == 1)


def _bytes_of_text(value: Value) -> Conversion:
    return Conversion(value=cast(value, LargeBinary))


_KEPT_ALIKE = {
    (Boolean, Integer),
    (Integer, Numeric),
    (Date, String),
    (DateTime, String),
    (Time, String),
    (Uuid, String),
    (JSON, String),
}
_CONVERSIONS: Mapping[tuple[Kind, Kind], Callable[[Value], Conversion]] = {
    (Boolean, String): _text_of_truth,
    (Integer, String): _text_of_number,
    (Numeric, String): _text_of_number,
    (Numeric, Integer): _whole_number,
    (String, Integer): _whole_number_of_text,
    (String, Numeric): _number_of_text,
    (String, Boolean): _truth_of_text,
    (Integer, Boolean): _truth_of_number,
    (Date, DateTime): _moment_of_date,
    (DateTime, Date): _part(1, 10),
    (DateTime, Time): _part(12, 15),
    (String, Date): _of_clock("%Y-%m-%d"),
    (String, DateTime): _of_clock("%Y-%m-%d %H:%M:%f", "000"),
    (String, Time): _of_clock("%H:%M:%f", "000"),
    (String, Uuid): _uuid_of_text,
    (String, JSON): _json_of_text,
    (String, LargeBinary): _bytes_of_text,
}
