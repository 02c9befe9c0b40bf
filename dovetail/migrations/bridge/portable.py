"""Convert types and defaults to portable ones, so that a migration made on one database works on the other."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    DefaultClause,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    Uuid,
    false,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement, TextClause
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import utcnow
from dovetail.migrations.bridge.expressions import without_brackets

SQLITE_CLOCK = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
CLOCKS = (SQLITE_CLOCK, "CURRENT_TIMESTAMP", "now()")
_CAST = re.compile(r"^(.*?)::[\w \".]+(\(\d+(,\d+)?\)[\w ]*)?(\[\])*$", re.DOTALL)
_CASTS = re.compile(
    r"::(?:character varying|double precision|\w+(?: with(?:out)? time zone)?)(?:\(\d+(?:,\d+)?\))?(?:\[\])?"
)

# What reflection finds, by the SQL name of its class, and what both databases know it as.
_GENERIC: dict[str, type[TypeEngine[Any]]] = {
    "BIGINT": BigInteger,
    "BLOB": LargeBinary,
    "BOOLEAN": Boolean,
    "BYTEA": LargeBinary,
    "DATE": Date,
    "DOUBLE": Double,
    "DOUBLE PRECISION": Double,
    "DOUBLE_PRECISION": Double,
    "FLOAT": Float,
    "INTEGER": Integer,
    "JSON": JSON,
    "REAL": REAL,
    "SMALLINT": SmallInteger,
    "UUID": Uuid,
}


def portable_type(found: TypeEngine[object]) -> TypeEngine[object]:
    """Return the type that both databases know for one that was read from either; return others as they are."""
    # Imported here, with the ORM: hardly a migration asks.
    from dovetail.database.drivers.sqlalchemy_private_statements import variants_of

    if variants_of(found):  # which no database tells of
        return found
    name = type(found).__name__
    if name in _WITH_ARGUMENTS:
        return _WITH_ARGUMENTS[name](found)
    return _GENERIC[name]() if name in _GENERIC else found


def _datetime(found: object) -> TypeEngine[Any]:
    if not isinstance(found, postgresql.TIMESTAMP):
        return DateTime(timezone=True)  # SQLite has one kind; UTCDateTime is the usual one
    return DateTime(timezone=found.timezone) if found.precision is None else found


def _time(found: Any) -> TypeEngine[Any]:
    exact = getattr(found, "precision", None) is not None
    return found if exact else Time(timezone=bool(getattr(found, "timezone", False)))


def _interval(found: Any) -> TypeEngine[Any]:
    return Interval() if found.fields is None and found.precision is None else found


# The same for types with arguments.
_WITH_ARGUMENTS: dict[str, Callable[[Any], TypeEngine[Any]]] = {
    "DATETIME": _datetime,
    "DECIMAL": lambda found: Numeric(precision=found.precision, scale=found.scale),
    "ENUM": lambda found: Enum(*found.enums, name=found.name, schema=found.schema),
    "INTERVAL": _interval,
    "JSONB": lambda _found: JSON().with_variant(postgresql.JSONB(), "postgresql"),
    "NVARCHAR": lambda found: String(length=found.length, collation=found.collation),
    "NUMERIC": lambda found: Numeric(precision=found.precision, scale=found.scale),
    "TEXT": lambda found: Text(collation=found.collation),
    "TIME": _time,
    "TIMESTAMP": _datetime,
    "VARCHAR": lambda found: String(length=found.length, collation=found.collation),
}


def make_portable(column: Column[object]) -> None:
    """Turn type and default of a column that was read from a database into portable ones."""
    column.type = portable_type(column.type)
    column.autoincrement = "auto"
    if isinstance(column.server_default, DefaultClause):
        column.server_default = DefaultClause(_portable_default(column.server_default.arg, column.type))


def make_key_portable(column: Column[Any]) -> None:
    """Give a whole number that identifies rows the type of `IdMixin.id`: SQLite has one size only, and reports that."""
    if isinstance(column.type, (Integer, BigInteger)):
        column.type = BigInteger().with_variant(Integer(), "sqlite")


def portable_condition(condition: str) -> str:
    """Return the WHERE of an index as both databases read it: PostgreSQL reports it with the types of its parts."""
    return _CASTS.sub("", without_brackets(condition))


def is_clock(text: str) -> bool:
    """Return True if a default, as a database reports it, is the database's clock."""
    return without_brackets(text) in CLOCKS


def literal_of(text: str) -> str | None:
    """Return the text of a default that is a quoted literal, as a database reports it; None for any other default."""
    text = without_brackets(text)
    if found := _CAST.match(text):
        text = found[1]
    return text[1:-1].replace("''", "'") if re.fullmatch(r"'(?:[^']|'')*'", text) else None


def _portable_default(default: str | ClauseElement, type_: TypeEngine[object]) -> str | ClauseElement:
    if not isinstance(default, TextClause):
        return default
    text = without_brackets(default.text)
    if isinstance(type_, Boolean):
        return true() if text.lower() in ("1", "true", "'1'", "'t'") else false()
    if is_clock(text):
        return utcnow()
    literal = literal_of(text)
    return literal if literal is not None else TextClause(text)
