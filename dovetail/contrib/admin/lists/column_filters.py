"""Filters of a list by a column: comparisons with a typed value, date ranges, empty or not."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, not_
from sqlalchemy.orm import RelationshipProperty

from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.lists.comparisons import OPERATIONS, compare, operations_of
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import EVERYTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.translation.words import column_in_words
from dovetail.translation.zones import active_zone, zone_now

SPANS = {
    "today": gettext_lazy("Today"),
    "past_7_days": gettext_lazy("Past 7 days"),
    "this_month": gettext_lazy("This month"),
    "this_year": gettext_lazy("This year"),
}
EMPTY, FILLED = "null", "not_null"


class ColumnFilter:
    """Filters by comparing a column with a typed value: a part of a text, a number, a date, a time, a UUID.

    list_filter = [ColumnFilter(Post.created_at, title="Written"), ColumnFilter(Post.view_count)]
    """

    has_operator = True
    template = "sqladmin/filters/operation_filter.html"

    def __init__(self, column: Any, title: str | None = None, parameter_name: str | None = None) -> None:
        self.column = column
        self.parameter_name = parameter_name or str(column.key)
        self.title = gettext_lazy(title or column_in_words(str(column.key)))

    def get_operation_options_for_model(self, _model: type[object]) -> list[tuple[str, str]]:
        """Return the comparisons for the column, as (value, label)."""
        return [(name, OPERATIONS[name]) for name in operations_of(self.column.type)]

    async def get_filtered_query(self, query: AnySelect, operation: str, value: str, _model: type[object]) -> AnySelect:
        """Return the rows that match the comparison. Raise BadRequestError for an invalid value."""
        operations = operations_of(self.column.type)
        if operation and operation not in operations:
            raise BadRequestError(
                gettext("%(title)s: compare by %(operations)s.")
                % {"title": self.title, "operations": ", ".join(operations)}
            )
        try:
            return query.where(compare(self.column, operation or operations[0], value))
        except ValueError as error:
            raise BadRequestError(f"{self.title}: {error}") from None


class DateFilter(ColumnFilter):
    """Filters by a date: today, past 7 days, this month, this year, or from and to; datetimes are in the user's zone.

    list_filter = [DateFilter(Post.created_at, title="Written")]

    A nullable column can be filtered by empty or not as well. Other values are compared as in `ColumnFilter`.
    """

    template = "sqladmin/filters/date_filter.html"
    value_for_empty = EMPTY

    @property
    def bounds(self) -> tuple[str, str]:
        """Return the names of the query parameters for the first and the last date."""
        return f"{self.parameter_name}_from", f"{self.parameter_name}_to"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return the choices, as (value, label)."""
        may_be_empty = getattr(self.column, "nullable", False)
        return [
            *SPANS.items(),
            *([(EMPTY, gettext("No date")), (FILLED, gettext("Has a date"))] if may_be_empty else []),
        ]

    async def get_filtered_query(self, query: AnySelect, operation: str, value: str, model: type[object]) -> AnySelect:
        """Return the rows of a date range, or those that match a comparison as in `ColumnFilter`."""
        if operation or value not in dict(self.choices):
            return await super().get_filtered_query(query, operation, value, model)
        if value in {EMPTY, FILLED}:
            return query.where(self.column.is_(None) if value == EMPTY else self.column.is_not(None))
        first, after = span(value, zone_now().date())
        return query.where(within(self.column, first, after))

    def keep_between(self, query: AnySelect, first: str, last: str, _model: type[object]) -> AnySelect:
        """Return the rows from `first` to `last`, both included. Raise BadRequestError for an invalid date."""
        pairs = (("at_least", first), ("at_most", last))
        try:
            found = [compare(self.column, operation, text) for operation, text in pairs if text]
        except ValueError as error:
            raise BadRequestError(f"{self.title}: {error}") from None
        return query.where(*found)


class EmptyFilter:
    """Filters by whether a column has a value, or a relation refers to an object that the user may view.

    list_filter = [EmptyFilter(Post.author), ("published_at", EmptyFilter)]
    """

    has_operator = False
    reads_text = True
    template = "sqladmin/filters/lookup_filter.html"

    def __init__(self, column: Any, title: str | None = None, parameter_name: str | None = None) -> None:
        self.column = column
        self.parameter_name = parameter_name or f"{column.key}_empty"
        self.title = gettext_lazy(title or column_in_words(str(column.key)))

    async def lookups(self, _request: object, _model: object, _run_query: object) -> list[tuple[str, str]]:
        """Return the choices, as (value, label)."""
        return [("all", gettext("All")), ("yes", gettext("Empty")), ("no", gettext("Not empty"))]

    async def get_filtered_query(self, query: AnySelect, value: object, _model: type[object]) -> AnySelect:
        """Return the rows without a value, or with one. Raise BadRequestError for an invalid choice."""
        if value not in {"yes", "no"}:
            raise BadRequestError(gettext("%(title)s: filter by yes or no.") % {"title": self.title})
        is_empty = self._is_empty()
        return query.where(is_empty if value == "yes" else not_(is_empty))

    def _is_empty(self) -> ColumnElement[bool]:
        mapped = getattr(self.column, "property", None)
        visible = self._visible(mapped) if isinstance(mapped, RelationshipProperty) else EVERYTHING
        if isinstance(mapped, RelationshipProperty) and (mapped.uselist or visible is not EVERYTHING):
            leads = self.column.any if mapped.uselist else self.column.has
            missing: ColumnElement[bool] = not_(leads(None if visible is EVERYTHING else visible))
            return missing
        found: ColumnElement[bool] = self.column == None  # noqa: E711 - IS NULL, for relations, too
        return found

    def _visible(self, mapped: RelationshipProperty[object]) -> ColumnElement[bool]:
        rights = rights_of(request_context().request)
        return rights.found(mapped.parent.class_, [self.column.key], mapped.mapper.class_)


def span(name: str, today: date) -> tuple[date, date]:
    """Return (first day, day after the last one) of a date range."""
    match name:
        case "past_7_days":
            return today - timedelta(days=7), today + timedelta(days=1)
        case "this_month":
            return month(today.year, today.month)
        case "this_year":
            return date(today.year, 1, 1), date(today.year + 1, 1, 1)
    return today, today + timedelta(days=1)


def month(year: int, number: int) -> tuple[date, date]:
    """Return (first day of a month, first day of the next one)."""
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def within(column: Any, first: date, after: date) -> ColumnElement[bool]:
    """Return the condition that `first` <= date < `after`; datetimes are compared in the user's zone."""
    moment: Callable[[date], object] = _identity
    if isinstance(bare(column.type), DateTime):
        zone = active_zone() if getattr(bare(column.type), "timezone", False) else None
        moment = lambda day: datetime.combine(day, time(), zone)  # noqa: E731 - one of two
    return and_(column >= moment(first), column < moment(after))


def _identity(day: date) -> object:
    return day
