"""Column types and functions that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from project.errors import InvalidInputError


class NaiveDatetimeError(DontWrapMixin, InvalidInputError, ValueError):
    """A datetime has no timezone; write it as 2026-01-31T12:00:00Z."""


class DatetimeRangeError(DontWrapMixin, InvalidInputError, ValueError):
    """A datetime lies outside the years 1 to 9999 in UTC."""


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time: timezone-aware, in UTC, in and out; microseconds are kept.

    SQLite has no such type and would drop the zone. Raises NaiveDatetimeError for a datetime without one, and
    DatetimeRangeError for one that lies outside the years 1 to 9999 in UTC.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveDatetimeError
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            raise DatetimeRangeError from None
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Read as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class utcnow(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock, as a server default or in a statement (https://docs.sqlalchemy.org/en/21/core/compiler.html)."""

    type = UTCDateTime()
    inherit_cache = True


@compiles(utcnow)
def _standard_utcnow(_element: utcnow, _compiler: SQLCompiler, **_kwargs: Any) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(utcnow, "sqlite")
def _sqlite_utcnow(_element: utcnow, _compiler: SQLCompiler, **_kwargs: Any) -> str:
    # CURRENT_TIMESTAMP has whole seconds only; this has the form SQLAlchemy itself writes, so that texts sort as times.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
