"""Datetimes and times that mean the same on both databases: in UTC if the column has timezones, otherwise naive."""

from typing import Any

from sqlalchemy import TIMESTAMP, DateTime, Engine, Time
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import CheckedDateTime, CheckedTime

Kind = type[TypeEngine[Any]]


def use_portable_datetimes(engine: Engine) -> None:
    """Make `DateTime(timezone=True)` a point in time, and `DateTime()` a naive datetime, on both databases.

    SQLite would drop the timezone, so that 02:30+02:00 would be read as 02:30, and asyncpg would interpret a naive
    datetime in the timezone of the machine. A value of the wrong kind raises NaiveDatetimeError or ZonedDatetimeError;
    values of columns with timezones are read in UTC. The same applies to UTCDateTime, `Time` and `Time(timezone=True)`.
    (https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.DateTime)
    """
    found = engine.dialect.colspecs
    moment, clock = _upon(CheckedDateTime, found.get(DateTime, DateTime)), _upon(CheckedTime, found.get(Time, Time))
    engine.dialect.colspecs = {**found, DateTime: moment, TIMESTAMP: moment, Time: clock}


def _upon(checked: Kind, own: Kind) -> Kind:
    """Return a subclass of `checked` and of the dialect's own type, which converts values for its driver."""
    return type(checked.__name__, (checked, own), {"__doc__": checked.__doc__})
