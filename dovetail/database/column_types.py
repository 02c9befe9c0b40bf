"""Column types and functions that behave alike on SQLite and PostgreSQL.

Migrations import them, so this module does not import the ORM.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import BigInteger, DateTime, Dialect, SmallInteger, Time, literal_column
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.errors import InvalidInputError

Moment = datetime | None
Clock = time | None
SOME_DAY = date(2000, 1, 1)  # the day for which a time of day is converted to UTC


class NaiveDatetimeError(DontWrapMixin, InvalidInputError, ValueError):
    """A datetime has no timezone; write it as 2026-01-31T12:00:00Z."""


class ZonedDatetimeError(DontWrapMixin, InvalidInputError, ValueError):
    """A datetime has a timezone, and none is kept here; write it as 2026-01-31T12:00:00."""


class NaiveTimeError(DontWrapMixin, InvalidInputError, ValueError):
    """A time of day has no timezone; write it as 12:00:00Z."""


class ZonedTimeError(DontWrapMixin, InvalidInputError, ValueError):
    """A time of day has a timezone, and none is kept here; write it as 12:00:00."""


class DatetimeRangeError(DontWrapMixin, InvalidInputError, ValueError):
    """A datetime lies outside the years 1 to 9999 in UTC."""


class InexactNumberError(DontWrapMixin, InvalidInputError, ValueError):
    """A number has more digits than SQLite keeps, which are 15; round it, or take PostgreSQL."""


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time: a timezone-aware datetime in UTC, both written and read, with microseconds.

    SQLite has no such type and would drop the timezone. Raise NaiveDatetimeError for a datetime without one, and
    DatetimeRangeError for one outside the years 1 to 9999 in UTC.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Convert to UTC for storage, since SQLite's own type drops the timezone."""
        return moment_in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Read as UTC."""
        return None if value is None else _in_utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], Moment] | None:
        """Return the function that converts a value to UTC, which `CheckedDateTime` already does if it is in use."""
        below = self.impl_instance
        if isinstance(below, CheckedDateTime):
            return below.result_processor(dialect, coltype)
        return super().result_processor(dialect, coltype)


class CheckedDateTime(DateTime):
    """A datetime that is refused, before it is sent, if it has a timezone and must not, or has none and must."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Moment], object]:
        """Return the function that checks a value and then converts it as the dialect does."""
        check = moment_in_utc if self.timezone else clock_without_zone
        write: Callable[[Moment], object] | None = super().bind_processor(dialect)
        return check if write is None else lambda value: write(check(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], Moment] | None:
        """Return the function that reads a value as UTC. SQLite stores no timezone.

        asyncpg returns naive datetimes for the first and the last day of the calendar, which it takes for infinity.
        """
        read: Callable[[object], Moment] | None = super().result_processor(dialect, coltype)
        if not self.timezone:
            return read

        def in_zone(stored: object) -> Moment:
            moment = stored if read is None else read(stored)
            return _in_utc(moment) if isinstance(moment, datetime) else None

        return in_zone


class CheckedTime(Time):
    """A time of day that is refused if it has a timezone and must not, or has none and must; it is stored in UTC."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Clock], object]:
        """Return the function that checks a value and then converts it as the dialect does."""
        check = time_in_utc if self.timezone else time_without_zone
        write: Callable[[Clock], object] | None = super().bind_processor(dialect)
        return check if write is None else lambda value: write(check(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], Clock] | None:
        """Return the function that reads a value and adds the timezone, which SQLite does not store."""
        read: Callable[[object], Clock] | None = super().result_processor(dialect, coltype)
        if not self.timezone:
            return read

        def in_zone(stored: object) -> Clock:
            clock = stored if read is None else read(stored)
            return time_in_utc(clock.replace(tzinfo=clock.tzinfo or UTC)) if isinstance(clock, time) else None

        return in_zone


def moment_in_utc(value: Moment) -> Moment:
    """Return a datetime in UTC. Raise NaiveDatetimeError or DatetimeRangeError."""
    if not isinstance(value, datetime):
        return value  # None, or a value that the driver refuses
    if value.tzinfo is None:
        raise NaiveDatetimeError
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise DatetimeRangeError from None


def clock_without_zone(value: Moment) -> Moment:
    """Return a naive datetime unchanged. Raise ZonedDatetimeError if it has a timezone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ZonedDatetimeError
    return value


def time_in_utc(value: Clock) -> Clock:
    """Return a time of day in UTC. Raise NaiveTimeError if it has no timezone."""
    if not isinstance(value, time):
        return value  # None, or a value that the driver refuses
    if value.tzinfo is None:
        raise NaiveTimeError
    return datetime.combine(SOME_DAY, value).astimezone(UTC).timetz()


def time_without_zone(value: Clock) -> Clock:
    """Return a naive time of day unchanged. Raise ZonedTimeError if it has a timezone."""
    if isinstance(value, time) and value.tzinfo is not None:
        raise ZonedTimeError
    return value


class utcnow(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock, as a server default or in a statement (https://docs.sqlalchemy.org/en/21/core/compiler.html)."""

    type = UTCDateTime()
    inherit_cache = True


class moment_ago(FunctionElement[datetime]):  # noqa: N801 - as above
    """The time of the database's clock minus a timedelta, in whole seconds."""

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self, before: timedelta) -> None:
        super().__init__(literal_column(f"'{int(-before.total_seconds())} seconds'"))


class later_than(FunctionElement[datetime]):  # noqa: N801 - as above
    """The database's clock in an UPDATE, but at least a microsecond later than the column's old value.

    Otherwise two changes could give a row the same version: within a millisecond, the resolution of SQLite's clock, or
    if the transaction of the second writer began before that of the first.
    """

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self, column: str) -> None:
        super().__init__(literal_column(column))


class random_key(FunctionElement[int]):  # noqa: N801 - as above
    """A random number of 48 bits for each row: a key that cannot be guessed and does not reveal when it was made.

    48 bits are exact in JSON, whose numbers many clients read as floats.
    """

    type = BigInteger()
    inherit_cache = True


def largest_number(kind: TypeEngine[object]) -> int:
    """Return the largest value of an integer column; the smallest is its negative minus one."""
    if isinstance(kind, SmallInteger):
        return 2**15 - 1
    return 2**63 - 1 if isinstance(kind, BigInteger) else 2**31 - 1


@compiles(utcnow)
def _standard_utcnow(_element: utcnow, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(utcnow, "sqlite")
def _sqlite_utcnow(_element: utcnow, _compiler: SQLCompiler, **_kwargs: object) -> str:
    # CURRENT_TIMESTAMP has whole seconds only. This is the format that SQLAlchemy writes, so that texts sort as times.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(random_key, "postgresql")
def _postgresql_random_key(_element: random_key, _compiler: SQLCompiler, **_kwargs: object) -> str:
    # random() can be predicted from some of its numbers; the first 48 bits of a random UUID cannot.
    return "(('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint + 1)"


@compiles(random_key, "sqlite")
def _sqlite_random_key(_element: random_key, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "((random() & 281474976710655) + 1)"  # SQLite uses ChaCha20, seeded by the operating system


@compiles(moment_ago, "postgresql")
def _postgresql_moment_ago(element: moment_ago, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"(CURRENT_TIMESTAMP + interval {compiler.process(element.clauses, **kwargs)})"


@compiles(moment_ago, "sqlite")
def _sqlite_moment_ago(element: moment_ago, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {compiler.process(element.clauses, **kwargs)})"


@compiles(later_than, "postgresql")
def _postgresql_later_than(element: later_than, compiler: SQLCompiler, **kwargs: object) -> str:
    before = _of_updated_row(element, compiler, kwargs)
    return f"greatest(CURRENT_TIMESTAMP, {before} + interval '1 microsecond')"


@compiles(later_than, "sqlite")
def _sqlite_later_than(element: later_than, compiler: SQLCompiler, **kwargs: object) -> str:
    before = f"coalesce({_of_updated_row(element, compiler, kwargs)}, '') || '.000000'"  # a text may lack the fraction
    seconds, fraction = f"substr({before}, 1, 19)", f"substr({before}, 21, 6)"
    later = (
        f"CASE WHEN {fraction} < '999999' THEN {seconds} || '.' || printf('%06d', {fraction} + 1) "
        f"ELSE datetime({seconds}, '+1 second') || '.000000' END"
    )
    return f"max({_sqlite_utcnow(utcnow(), compiler)}, {later})"


def _of_updated_row(element: later_than, compiler: SQLCompiler, kwargs: dict[str, object]) -> str:
    name = compiler.process(element.clauses, **kwargs)
    table = getattr(compiler.current_executable, "table", None)
    # In UPDATE ... FROM another table may have a column of the same name.
    return name if table is None else f"{compiler.preparer.format_table(table)}.{name}"


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
