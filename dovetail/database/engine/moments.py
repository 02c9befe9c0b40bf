"""Datetimes that mean the same on both databases: points in time where a column has zones, and no zones where not."""

from sqlalchemy import TIMESTAMP, DateTime, Engine

from dovetail.database.column_types import CheckedDateTime, SQLiteDateTime


def keep_moments(engine: Engine) -> None:
    """Let `DateTime(timezone=True)` be a point in time, and `DateTime()` a day and an hour without a zone.

    SQLite would store the hour and forget the zone, so that 02:30+02:00 came back as 02:30, and asyncpg would take an
    hour without a zone for one of the server's machine. A value of the other kind raises NaiveDatetimeError or
    ZonedDatetimeError; what is read of a column with zones is in UTC. UTCDateTime keeps the same rule.
    (https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.DateTime)
    """
    found = engine.dialect.colspecs
    checked = SQLiteDateTime if engine.dialect.name == "sqlite" else CheckedDateTime
    # The dialect's own class stays below: it knows how a value is written for its driver.
    kind = type(checked.__name__, (checked, found.get(DateTime, DateTime)), {"__doc__": checked.__doc__})
    engine.dialect.colspecs = {**found, DateTime: kind, TIMESTAMP: kind}
