"""SQL for the day of a time in the user's time zone.

SQLite has no time zones, and PostgreSQL may have other ones than Python. So the statement contains the offsets from
UTC: one for each period between two changes of the zone's clocks.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlalchemy import Date, SQLColumnExpression, case, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Moments = SQLColumnExpression[datetime] | SQLColumnExpression[date]
A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)


class _Day(FunctionElement[date]):
    type = Date()
    inherit_cache = True


def holds_days(column: Moments) -> bool:
    """Return whether a column has dates, not datetimes."""
    return isinstance(getattr(column, "type", None), Date)


def day_of(column: Moments, zone: tzinfo, since: datetime) -> SQLColumnExpression[date]:
    """Return the day of a column of moments in a zone, of moments since then; of a column of days, the column.

    https://www.sqlite.org/lang_datefunc.html, https://www.postgresql.org/docs/current/functions-datetime.html
    """
    if holds_days(column):
        return column
    *earlier, (_, last) = offsets(zone, since, datetime.now(UTC) + A_DAY)
    whens = [(column < until, _moved(column, offset)) for until, offset in earlier]
    return case(*whens, else_=_moved(column, last)) if whens else _moved(column, last)


def offsets(zone: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield (offset from UTC, end of its validity) of a zone, from one datetime to another."""
    start, ahead = since, _ahead(zone, since)
    while start < until:
        end = min(start + A_DAY, until)
        if _ahead(zone, end) != ahead:
            change = _find_change(zone, start, end)
            yield change, ahead
            start, ahead = change, _ahead(zone, change)
        else:
            start = end
    yield until, ahead


def _find_change(zone: tzinfo, start: datetime, end: datetime) -> datetime:
    before = _ahead(zone, start)
    while end - start > A_SECOND:
        middle = start + (end - start) // 2
        if _ahead(zone, middle) == before:
            start = middle
        else:
            end = middle
    return end.replace(microsecond=0)


def _ahead(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _moved(column: Moments, offset: timedelta) -> _Day:
    return _Day(column, literal_column(str(int(offset.total_seconds()))))


@compiles(_Day, "sqlite")
def _day_of_sqlite(element: _Day, compiler: SQLCompiler, **kwargs: object) -> str:
    column, seconds = (compiler.process(one, **kwargs) for one in element.clauses)
    return f"date({column}, '{seconds} seconds')"


@compiles(_Day, "postgresql")
def _day_of_postgresql(element: _Day, compiler: SQLCompiler, **kwargs: object) -> str:
    column, seconds = (compiler.process(one, **kwargs) for one in element.clauses)
    return f"CAST(timezone('UTC', {column}) + interval '{seconds} seconds' AS DATE)"
