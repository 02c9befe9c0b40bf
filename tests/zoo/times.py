"""Days, times, moments and durations."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import UTCDateTime
from tests.zoo.animal import BOTH, POSTGRESQL, SQLITE, Animal, Answered, Kind, of_type

GROUP = "Days, times and durations"
NO_TIME = ("yesterday", "", [], {}, True)
NO_CLOCK = (*NO_TIME, "24:01", "01:00:00Z")
NO_DATE = (*NO_TIME, "2024-02-30", "2023-13-01", "10000-01-01", "0000-01-01")


def _moment(name: str, kind: TypeEngine[object], on: tuple[Kind, ...] = BOTH) -> Animal:
    """A moment without a zone."""
    right = ("0001-01-01T00:00:00", "2024-02-29T12:30:00.000001", "9999-12-31T23:59:59")
    return of_type(name, kind, *right, wrong=(*NO_DATE, "2024-01-01T00:00:00Z"), group=GROUP, on=on)


def _zoned(name: str, kind: TypeEngine[object], *, is_strict: bool = True) -> Animal:
    right = (
        "0001-01-01T00:00:00.000001Z",
        Answered("2024-02-29T02:30:00+02:00", "2024-02-29T00:30:00Z"),
        "2024-02-29T00:30:00.000001Z",
        "9999-12-31T23:59:59Z",
    )
    wrong = (*NO_DATE, "0001-01-01T00:00:00+02:00", *["2024-01-01T00:00:00"] * is_strict)
    return of_type(name, kind, *right, wrong=wrong, group=GROUP)


def _interval(name: str, kind: TypeEngine[object], on: tuple[Kind, ...] = BOTH) -> Animal:
    right = ("-P1DT1S", "PT0S", "PT0.000001S", "P1DT2H3M4S", Answered("P10000D", "P27Y145D"))
    return of_type(name, kind, *right, wrong=(*NO_TIME, "P1000000000D"), group=GROUP, on=on)


ANIMALS = (
    of_type("date", sa.Date(), "0001-01-01", "2024-02-29", "9999-12-31", wrong=NO_DATE, group=GROUP),
    of_type("date_upper", sa.DATE(), "0001-01-01", "2024-02-29", "9999-12-31", wrong=NO_DATE, group=GROUP),
    of_type(
        "time",
        sa.Time(),
        "00:00:00",
        "12:30:00.000001",
        "23:59:59",
        wrong=(*NO_TIME, "24:01", "01:00:00Z"),
        group=GROUP,
    ),
    of_type("time_upper", sa.TIME(), "00:00:00", "23:59:59", wrong=NO_CLOCK, group=GROUP),
    of_type(
        "time_zoned",
        sa.Time(timezone=True),
        Answered("02:00:00+02:00", "00:00:00Z"),
        "01:00:00Z",
        wrong=(*NO_TIME, "01:00:00"),
        group=GROUP,
    ),
    _moment("date_time", sa.DateTime()),
    _moment("date_time_upper", sa.DATETIME(), SQLITE),
    _moment("timestamp", sa.TIMESTAMP()),
    _zoned("date_time_zoned", sa.DateTime(timezone=True)),
    _zoned("timestamp_zoned", sa.TIMESTAMP(timezone=True)),
    _zoned("utc_date_time", UTCDateTime(), is_strict=False),
    _interval("interval", sa.Interval()),
    _interval("interval_emulated", sa.Interval(native=False)),
    _interval("interval_postgresql", postgresql.INTERVAL(), POSTGRESQL),
    of_type(
        "timestamp_rounded",
        postgresql.TIMESTAMP(precision=0),
        Answered("2024-02-29T12:30:00.4", "2024-02-29T12:30:00"),
        "2024-02-29T12:30:01",
        wrong=NO_DATE,
        group=GROUP,
        on=POSTGRESQL,
        note="The database rounds to the precision of the column.",
    ),
)
