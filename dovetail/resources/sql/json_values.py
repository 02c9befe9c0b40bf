"""From types of columns to values in JSON: what orjson is to write for what a driver gives, as pydantic would."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import CHAR, ColumnElement, Date, DateTime, Dialect, Enum, Float, Numeric, Text, Time, Uuid, cast
from sqlalchemy.types import TypeEngine

from dovetail.api.times import in_utc
from dovetail.database.column_types import UTCDateTime

Convert = Callable[[Any], object]
FIRST_MOMENT, LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
FLOAT8, NUMERIC = 701, 1700  # https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat


def json_converter(column_type: TypeEngine[object], dialect: Dialect, *, into_utc: bool) -> Convert | None:
    """Return what turns a value of the driver into one for orjson; None if it can stay as it is."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "postgresql":
        return None  # and nothing else is to be done
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
        steps.append(_optional(str))  # asyncpg's own class of UUIDs is unknown to orjson
    return chain(*steps)


def stored_moment(stored: str | None) -> datetime | None:
    """Return the point in time that SQLite has stored as a text; through the layers of its type it takes four calls."""
    return None if stored is None else in_utc(datetime.fromisoformat(stored))


def result_processor(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return what SQLAlchemy applies to each value of the driver; None if it is nothing, or changes nothing."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "postgresql":
        return None  # asyncpg gives every timestamp with time zone in UTC
    implementation = column_type.dialect_impl(dialect)
    is_float = isinstance(implementation, Float)
    # Numeric types of PostgreSQL want to know what arrives: float8 or numeric.
    found: Convert | None = implementation.result_processor(dialect, FLOAT8 if is_float else NUMERIC)
    return found


def is_plain(column_type: TypeEngine[object]) -> bool:
    """Return True if the databases write a value into JSON as pydantic does."""
    odd = (CHAR, DateTime, Date, Time, Numeric, Float, Uuid, UTCDateTime)
    if isinstance(column_type, Enum):
        members = column_type.enum_class or ()
        return [member.value for member in members] == list(column_type.enums)
    return not isinstance(column_type, odd)


def into_json(column: ColumnElement[object], dialect: Dialect) -> ColumnElement[object]:
    """Return the column as a value that loses nothing inside JSON; `out_of_json` reads it."""
    exact = dialect.name == "postgresql" and isinstance(column.type, Numeric) and not isinstance(column.type, Float)
    return cast(column, Text) if exact else column


def out_of_json(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return what turns a value read from JSON into the driver's value of the column; None if it is the same."""
    if dialect.name != "postgresql":
        return None  # SQLite puts into JSON what it stores
    for kind, read in _READERS:
        if isinstance(column_type, kind):
            return _optional(read)
    return None


def is_exact_in_json(column_type: TypeEngine[object], dialect: Dialect) -> bool:
    """Return True if a value survives JSON: SQLite writes 15 digits of a float, and decimals are floats there."""
    return dialect.name == "postgresql" or not isinstance(column_type, (Numeric, Float))


def chain(*steps: Convert | None) -> Convert | None:
    """Return the steps as one, without those that do nothing; None if nothing is left."""
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
    # asyncpg stores the first and the last day as infinity, and reads infinity so.
    return {"-infinity": date.min, "infinity": date.max}.get(text) or date.fromisoformat(text)


def _read_time(text: str) -> datetime:
    if text.endswith("infinity"):
        return FIRST_MOMENT if text.startswith("-") else LAST_MOMENT
    # PostgreSQL writes it in the time zone of the connection.
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


# The first that fits counts.
_READERS: tuple[tuple[type | tuple[type, ...], Convert], ...] = (
    ((DateTime, UTCDateTime), _read_time),
    (Date, _read_date),
    (Time, time.fromisoformat),
    (Float, float),
    (Numeric, Decimal),
)
