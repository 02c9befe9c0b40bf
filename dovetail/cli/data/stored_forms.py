"""The form that the values of a column have in a dump: one for both databases, wherever both have such a column.

What neither JSON nor pydantic has a value for, such as a range or bits, is the text that PostgreSQL writes and reads.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import getitem
from types import GenericAlias
from typing import Annotated, Any, Union
from uuid import UUID

from pydantic import AwareDatetime, JsonValue, NaiveDatetime, PlainSerializer
from sqlalchemy import (
    ARRAY,
    BINARY,
    JSON,
    VARBINARY,
    Boolean,
    Cast,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    bindparam,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from dovetail.cli.data.json_forms import Raw, decimal_form, enum_form, text_form
from dovetail.database.column_types import UTCDateTime

PLAIN = (str, int, float, bool, Decimal, datetime, date, time, timedelta, UUID, bytes)  # as pydantic has them
BYTES = (LargeBinary, BINARY, VARBINARY)
FAMILIES = (Enum, String, Boolean, Integer, Float, Numeric, DateTime, Date, Time, Interval, *BYTES, JSON, Uuid)
OTHERS = (  # PostgreSQL's, which its driver gives us as pydantic writes them, and takes as texts
    *(postgresql.INTERVAL, postgresql.HSTORE, postgresql.INET, postgresql.CIDR, postgresql.MACADDR),
    *(postgresql.MACADDR8, postgresql.OID, postgresql.TSVECTOR, postgresql.TSQUERY),
)
DEEPEST = 6  # dimensions of a list: https://www.postgresql.org/docs/current/limits.html
SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
Kind = TypeEngine[Any]


@dataclass(frozen=True)
class StoredForm:
    """The way in which the values of a column are asked for, written as JSON and stored."""

    column: Column[object]
    annotation: object  # pydantic's
    kind: Kind  # of the values that come and go
    in_database: Kind | None = None  # the type that reads and writes the values as texts
    is_json: bool = False  # the values that come and go are JSON as text, whose numbers keep their digits

    def selected(self) -> ColumnElement[object]:
        """Return what is to be selected."""
        if self.in_database is None:
            return type_coerce(self.column, self.kind)
        raw: ColumnElement[object] = type_coerce(self.column, NullType())
        if isinstance(self.in_database, postgresql.MONEY):  # as a text it would depend on where the server stands
            raw = Cast(raw, Numeric())
        return Cast(raw, self.kind)

    def bound(self, name: str) -> ColumnElement[object]:
        """Return what stores the value of the parameter `name`."""
        given: ColumnElement[object] = bindparam(name, type_=self.kind)
        return given if self.in_database is None else Cast(given, self.in_database)


def form_of(column: Column[object], dialect: Dialect) -> StoredForm:
    """Return the form of what the database keeps, below what a plugin's own type makes of it."""
    kind: Kind = column.type
    while isinstance(kind, TypeDecorator) and not isinstance(kind, UTCDateTime | Interval):
        own = _of_two_ways(kind)
        if own is not None:
            return StoredForm(column, _or_null(own, column), kind)
        kind = kind.load_dialect_impl(dialect)
    found: Kind = kind if isinstance(kind, UTCDateTime | Interval) else kind.dialect_impl(dialect)
    if isinstance(found, postgresql.DOMAIN):
        found = found.data_type.dialect_impl(dialect)
    if _is_known(found):
        annotation = _or_null(_annotation(_closest(kind, found), dialect), column)
        if isinstance(kind, JSON) and isinstance(found, JSON):  # a list of PostgreSQL may be JSON on SQLite
            in_database = found if dialect.name == "postgresql" else None  # SQLite has it as text
            return StoredForm(column, annotation, Text(), in_database, is_json=True)
        return StoredForm(column, annotation, _adjusted(kind))
    if dialect.name == "sqlite":
        return StoredForm(column, _or_null(Raw, column), NullType())
    texts: Kind = ARRAY(Text()) if isinstance(found, ARRAY) else Text()
    return StoredForm(column, _or_null(_annotation(texts, dialect), column), texts, kind)


def _or_null(annotation: object, column: Column[object]) -> object:
    return _either(annotation, None) if column.nullable else annotation


def _either(*forms: object) -> object:
    """Return the form of what has one of some forms, which are known at run time only."""
    return getitem(Union, forms)


def _of_two_ways(kind: TypeDecorator[object]) -> object | None:
    """Return the form of a type's own values, if it keeps them as texts or bytes where it has no UUID or JSON of SQL.

    Only the type knows then how these are one value.
    """
    here, there = map(kind.load_dialect_impl, (SQLITE, POSTGRESQL))
    if isinstance(there, Uuid) and not isinstance(here, Uuid):
        return Annotated[UUID, PlainSerializer(str)]
    return JsonValue if isinstance(there, JSON) and not isinstance(here, JSON) else None


def _is_known(found: Kind) -> bool:
    return (
        _is_known(found.item_type) if isinstance(found, ARRAY) else isinstance(found, (*FAMILIES, *OTHERS, UTCDateTime))
    )


def _closest(kind: Kind, found: Kind) -> Kind:
    """Return the type as it was declared, which knows its class and limits, if values of this database are of it."""
    family = next((one for one in FAMILIES if isinstance(kind, one)), object)
    return kind if isinstance(found, family) or isinstance(kind, JSON) else found


def _adjusted(kind: Kind) -> Kind:
    """Return the type that tells lists from tuples."""
    adjusted = copy(kind)
    if isinstance(adjusted, ARRAY):
        adjusted.as_tuple = False
    return adjusted


def _annotation(kind: Kind, dialect: Dialect) -> object:
    for family, made in _SPECIAL:
        if isinstance(kind, family):
            return made(kind, dialect)
    return kind.python_type if kind.python_type in PLAIN else object


def _lists(item: object) -> object:
    """Return the form of lists of lists: a column does not say how deep they are. Anything in them may be NULL."""
    found = _either(item, None)
    for _ in range(DEEPEST - 1):
        found = _either(found, GenericAlias(list, (found,)))
    return GenericAlias(list, (found,))


def _decimal(kind: Kind, dialect: Dialect) -> object:
    return decimal_form(kind, is_float=dialect.name == "sqlite") if kind.python_type is Decimal else float


_SPECIAL: tuple[tuple[type | tuple[type, ...], Callable[[Any, Dialect], object]], ...] = (
    (UTCDateTime, lambda _kind, _: AwareDatetime),
    (DateTime, lambda kind, _: AwareDatetime if kind.timezone else NaiveDatetime),
    (ARRAY, lambda kind, dialect: _lists(_annotation(kind.item_type, dialect))),
    (Enum, lambda kind, _: enum_form(kind)),
    (JSON, lambda _kind, _: object),
    (String, lambda kind, _: text_form(kind)),
    ((Numeric, Float), _decimal),
    (BYTES, lambda _kind, _: bytes),
)
