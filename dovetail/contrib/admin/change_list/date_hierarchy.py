"""The date hierarchy above a list: links to the years, months and days of a date column.

All dates between the first and the last one are offered: an index yields these two quickly, however many rows there
are, whereas finding the dates that have rows would mean reading all rows.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.lists.column_filters import month, within
from dovetail.contrib.admin.permissions import listed
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.errors import BadRequestError
from dovetail.translation.formats import month_names
from dovetail.translation.texts import gettext
from dovetail.translation.zones import local

MOST = 40  # the maximum number of years, from the latest
NAMES = ("year", "month", "day")


@dataclass(frozen=True)
class Step:
    """A link: its label, and its query parameters; a value of None removes the parameter."""

    label: str
    values: dict[str, str | None]


@dataclass(frozen=True)
class DateSteps:
    """The links above a list: the path to the current date, and the next steps."""

    way: Sequence[Step]
    further: Sequence[Step]


@dataclass(frozen=True)
class DateHierarchy:
    """The hierarchy of a date column; `parts` are the chosen year, month and day, as far as they were chosen."""

    column: Any
    parts: tuple[int, ...]

    @classmethod
    def of(cls, column: object, request: Request) -> "DateHierarchy":
        """Return the hierarchy with the date in a request. Raise BadRequestError for an invalid date."""
        given = [request.query_params.get(name, "") for name in NAMES]
        texts = given[: given.index("")] if "" in given else given
        try:
            parts = tuple(int(text) for text in texts)
            _span(parts)
        except (ValueError, OverflowError):
            raise BadRequestError(gettext("There is no such date in the list.")) from None
        return cls(column, parts)

    def condition(self) -> ColumnElement[bool] | None:
        """Return the condition for the chosen year, month or day; None if none was chosen."""
        return within(self.column, *_span(self.parts)) if self.parts else None

    async def steps(self, session: AsyncSession, rows: AnySelect, model: type[object]) -> DateSteps | None:
        """Return the links, by one statement that finds the first and the last date of `rows`; None without dates."""
        bounds = select(func.min(self.column), func.max(self.column)).where(listed(rows, model, model))
        first, last = (await session.execute(bounds)).one()
        parts = self.parts
        if first is None:
            return DateSteps(tuple(_way(parts)), ()) if parts else None
        return DateSteps(tuple(_way(parts)), tuple(_further(parts, _day(first), _day(last))))


def _span(parts: Sequence[int]) -> tuple[date, date]:
    match parts:
        case (year,):
            return date(year, 1, 1), date(year + 1, 1, 1)
        case (year, number):
            return month(year, number)
        case (year, number, day):
            first = date(year, number, day)
            return first, date.fromordinal(first.toordinal() + 1)
    return date.min, date.max


def _way(parts: Sequence[int]) -> Iterator[Step]:
    if parts:
        yield Step(gettext("All dates"), _values(()))
    for end in range(1, len(parts) + 1):
        yield Step(_label(parts[:end]), _values(parts[:end]))


def _further(parts: Sequence[int], first: date, last: date) -> Iterator[Step]:
    yield from (Step(_label(one), _values(one)) for one in _next(parts, first, last))


def _next(parts: Sequence[int], first: date, last: date) -> Iterator[tuple[int, ...]]:
    """Yield the years, the months of a year or the days of a month between two dates."""
    match parts:
        case ():
            yield from ((year,) for year in range(max(first.year, last.year - MOST + 1), last.year + 1))
        case (year,):
            ends = (first.year, first.month), (last.year, last.month)
            yield from ((year, one) for one in range(1, 13) if ends[0] <= (year, one) <= ends[1])
        case (year, number):
            days = range(1, calendar.monthrange(year, number)[1] + 1)
            yield from ((year, number, one) for one in days if first <= date(year, number, one) <= last)


def _label(parts: Sequence[int]) -> str:
    match parts:
        case (_, number):
            return month_names()[number - 1]
        case (_, number, day):
            return gettext("%(month)s %(day)s") % {"month": month_names()[number - 1], "day": day}
    return str(parts[0])


def _values(parts: Sequence[int]) -> dict[str, str | None]:
    texts = [str(one) for one in parts]
    return dict(zip(NAMES, [*texts, *([None] * (len(NAMES) - len(texts)))], strict=True))


def _day(value: date) -> date:
    if not isinstance(value, datetime):
        return value
    return local(value).date()
