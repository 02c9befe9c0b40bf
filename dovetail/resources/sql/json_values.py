"""Conversion of column values to JSON: from the driver's value to one that orjson writes as pydantic would."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    CHAR,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    LargeBinary,
    Numeric,
    Text,
    Time,
    Uuid,
    cast,
    func,
)
from sqlalchemy.exc import DataError
from sqlalchemy.types import TypeEngine

from dovetail.api.times import in_utc
from dovetail.database.column_types import UTCDateTime

Convert = Callable[[Any], object]
ORJSON_OPTIONS = orjson.OPT_UTC_Z  # of all answers
FIRST_MOMENT, LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# PostgreSQL counts microseconds from this time; within 95 years of it, a float of seconds is exact to the microsecond.
EPOCH, EXACT = datetime(2000, 1, 1, tzinfo=UTC), 3 * 10**15
SECONDS_BEFORE = EPOCH.timestamp()
INFINITE = {2**63 - 1: datetime.max, -(2**63): datetime.min}  # noqa: DTZ901 - as asyncpg reads infinity
FLOAT8, NUMERIC = 701, 1700  # https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat


def json_converter(column_type: TypeEngine[object], dialect: Dialect, *, into_utc: bool) -> Convert | None:
    """Return the function that converts a driver's value to one for orjson; None if none is needed."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "postgresql":
        return None
    if isinstance(column_type, UTCDateTime) and dialect.name == "sqlite":
        return stored_moment
    steps: list[Convert] = []
    processor = result_processor(column_type, dialect)
    if processor is not None:
        steps.append(processor)
    if isinstance(column_type, DateTime) and into_utc:
        steps.append(_optional(in_utc))
    if isinstance(column_type, (Numeric, Float)) and column_type.asdecimal:
        steps.append(_optional(str))
    if isinstance(column_type, Time):
        steps.append(_optional(_write_time))  # orjson 3.13 drops zeros of microseconds: .010000 becomes .10000
    if isinstance(column_type, Uuid):
        steps.append(_optional(str))  # orjson does not know asyncpg's subclass of UUID
    return chain(*steps)


def stored_moment(stored: str | None) -> datetime | None:
    """Return the time of a text stored by SQLite. Going through the column type's layers would take four calls."""
    return None if stored is None else in_utc(datetime.fromisoformat(stored))


def sent(moment: ColumnElement[object]) -> ColumnElement[object]:
    """Return a time as the bytes that PostgreSQL sends, which asyncpg does not decode; see `sent_moment`."""
    return func.pg_catalog.timestamptz_send(moment, type_=LargeBinary)


@lru_cache(maxsize=4096)  # lists show the same rows again and again
def written_moment(sent: bytes | None) -> orjson.Fragment | None:
    """Return the time in these bytes as JSON: orjson would write it eight times as slowly. Raise as `sent_moment`."""
    return None if sent is None else orjson.Fragment(orjson.dumps(sent_moment(sent), option=ORJSON_OPTIONS))


def sent_moment(sent: bytes | None) -> datetime | None:
    """Return the time in these bytes, as asyncpg would. Raise DataError beyond the year 9999."""
    if sent is None:
        return None
    microseconds = int.from_bytes(sent, "big", signed=True)
    if -EXACT < microseconds < EXACT:  # asyncpg adds a timedelta, which takes twice as long
        return datetime.fromtimestamp(microseconds / 1e6 + SECONDS_BEFORE, UTC)
    try:
        return INFINITE.get(microseconds) or EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise DataError("a time", None, error, hide_parameters=True) from error


def result_processor(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return the function that SQLAlchemy applies to the driver's values; None if it would change nothing."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "postgresql":
        return None  # asyncpg returns every `timestamp with time zone` in UTC
    implementation = column_type.dialect_impl(dialect)
    is_float = isinstance(implementation, Float)
    # PostgreSQL's numeric types choose the processor by the OID of the result: float8 or numeric.
    found: Convert | None = implementation.result_processor(dialect, FLOAT8 if is_float else NUMERIC)
    return found


def is_plain(column_type: TypeEngine[object]) -> bool:
    """Return True if both databases write values of this type into JSON as pydantic does."""
    odd = (CHAR, DateTime, Date, Time, Numeric, Float, Uuid, UTCDateTime)
    if isinstance(column_type, Enum):
        members = column_type.enum_class or ()
        return [member.value for member in members] == list(column_type.enums)
    return not isinstance(column_type, odd)


def into_json(column: ColumnElement[object], dialect: Dialect) -> ColumnElement[object]:
    """Return the column in a form that JSON keeps exactly; `out_of_json` reads it."""
    exact = dialect.name == "postgresql" and isinstance(column.type, Numeric) and not isinstance(column.type, Float)
    return cast(column, Text) if exact else column


def out_of_json(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return the function that converts a value from JSON to the driver's value; None if they are the same."""
    if dialect.name != "postgresql":
        return None  # SQLite puts values into JSON as it stores them
    for kind, read in _READERS:
        if isinstance(column_type, kind):
            return _optional(read)
    return None


def is_exact_in_json(column_type: TypeEngine[object], dialect: Dialect) -> bool:
    """Return True if JSON keeps values exactly. SQLite does not: it writes 15 digits of floats and of decimals."""
    return dialect.name == "postgresql" or not isinstance(column_type, (Numeric, Float))


def chain(*steps: Convert | None) -> Convert | None:
    """Return one function that applies the steps in order, ignoring None; None if there are none."""
    found = [step for step in steps if step is not None]
    if len(found) < 2:  # noqa: PLR2004 - one step needs no chain
        return found[0] if found else None

    def convert(value: object) -> object:
        for step in found:
            value = step(value)
        return value

    return convert


def _optional(step: Convert) -> Convert:
    return lambda value: None if value is None else step(value)


def _write_time(value: time) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _read_date(text: str) -> date:
    # asyncpg stores date.min and date.max as infinity, and reads infinity as those.
    return {"-infinity": date.min, "infinity": date.max}.get(text) or date.fromisoformat(text)


def _read_time(text: str) -> datetime:
    if text.endswith("infinity"):
        return FIRST_MOMENT if text.startswith("-") else LAST_MOMENT
    # PostgreSQL writes times into JSON in the time zone of the connection.
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


# The first matching entry applies.
_READERS: tuple[tuple[type | tuple[type, ...], Convert], ...] = (
    ((DateTime, UTCDateTime), _read_time),
    (Date, _read_date),
    (Time, time.fromisoformat),
    (Float, float),
    (Numeric, Decimal),
)
