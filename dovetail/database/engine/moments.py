"""Datetimes that mean the same on both databases: points in time where a column has zones, and no zones where not."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import TIMESTAMP, DateTime, Dialect, Engine

from dovetail.database.column_types import DatetimeRangeError, NaiveDatetimeError, ZonedDatetimeError

Moment = datetime | None


def keep_moments(engine: Engine) -> None:
    """Let `DateTime(timezone=True)` be a point in time, and `DateTime()` a day and an hour without a zone.

    SQLite would store the hour and forget the zone, so that 02:30+02:00 came back as 02:30, and asyncpg would take an
    hour without a zone for one of the server's machine. A value of the other kind raises NaiveDatetimeError or
    ZonedDatetimeError; what is read of a column with zones is in UTC. UTCDateTime keeps the same rule.
    (https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.DateTime)
    """
    found = engine.dialect.colspecs
    checked = _OfSQLite if engine.dialect.name == "sqlite" else _Checked
    # The dialect's own class stays below: it knows how a value is written for its driver.
    kind = type(checked.__name__, (checked, found.get(DateTime, DateTime)), {"__doc__": checked.__doc__})
    engine.dialect.colspecs = {**found, DateTime: kind, TIMESTAMP: kind}


class _Checked(DateTime):
    """A datetime that is refused, before it is sent, where it has a zone too many or too few."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Moment], object]:
        """Return what checks a value and then writes it as the dialect does."""
        check = _in_utc if self.timezone else _without_zone
        write: Callable[[Moment], object] | None = super().bind_processor(dialect)
        return check if write is None else lambda value: write(check(value))


class _OfSQLite(_Checked):
    """A datetime that SQLite stores in UTC, and as it is where the column has no zones."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Moment] | None:
        """Return what reads a value, and gives it back the zone that SQLite does not store."""
        read: Callable[[str | None], Moment] | None = super().result_processor(dialect, coltype)
        if read is None or not self.timezone:
            return read

        def in_zone(stored: str | None) -> Moment:
            moment = read(stored)
            return None if moment is None else moment.replace(tzinfo=UTC)

        return in_zone


def _in_utc(value: Moment) -> Moment:
    if not isinstance(value, datetime):
        return value  # None, or what the driver refuses
    if value.tzinfo is None:
        raise NaiveDatetimeError
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise DatetimeRangeError from None


def _without_zone(value: Moment) -> Moment:
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ZonedDatetimeError
    return value
