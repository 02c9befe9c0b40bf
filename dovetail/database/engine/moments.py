"""Datetimes and times that mean the same on both databases: in UTC where a column has zones, of no zone where not."""

from typing import Any

from sqlalchemy import TIMESTAMP, DateTime, Engine, Time
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import CheckedDateTime, CheckedTime

Kind = type[TypeEngine[Any]]


def keep_moments(engine: Engine) -> None:
    """Let `DateTime(timezone=True)` be a point in time, and `DateTime()` a day and an hour without a zone.

    SQLite would store the hour and forget the zone, so that 02:30+02:00 came back as 02:30, and asyncpg would take an
    hour without a zone for one of the server's machine. A value of the other kind raises NaiveDatetimeError or
    ZonedDatetimeError; what is read of a column with zones is in UTC. UTCDateTime keeps the same rule, and so do `Time`
    and `Time(timezone=True)`, whose zone SQLite would forget too.
    (https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.DateTime)
    """
    found = engine.dialect.colspecs
    moment, clock = _upon(CheckedDateTime, found.get(DateTime, DateTime)), _upon(CheckedTime, found.get(Time, Time))
    engine.dialect.colspecs = {**found, DateTime: moment, TIMESTAMP: moment, Time: clock}


def _upon(checked: Kind, own: Kind) -> Kind:
    """Return the class with the dialect's own below it, which knows how a value is written for its driver."""
    return type(checked.__name__, (checked, own), {"__doc__": checked.__doc__})
