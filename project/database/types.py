"""Column types and functions that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time: timezone-aware, in UTC, in and out; microseconds are kept.

    SQLite has no such type and would drop the zone. Raises ValueError for a datetime without one.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a datetime with a timezone, found {value!r}; write datetime.now(UTC)")
        value = value.astimezone(UTC)
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
