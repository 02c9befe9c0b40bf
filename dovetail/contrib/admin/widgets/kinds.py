"""The kinds of widgets: a figure, a chart, a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias, cast
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, SQLColumnExpression, func, literal_column, select
from starlette.applications import Starlette
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.columns.texts import as_text
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.widgets.days import day_of, holds_days
from dovetail.contrib.admin.widgets.drawing import draw
from dovetail.contrib.admin.widgets.widget import Row, Values, Widget
from dovetail.translation import formats
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext_lazy
from dovetail.translation.zones import active_zone

Condition: TypeAlias = ColumnElement[bool] | Callable[[Request], ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True)
class Figure(Widget):
    """A number: of the rows that match `where`, the result of a statement, or a `value` of the process itself.

    It links to the list of the first model, filtered by `query`.
    """

    template: str = "sqladmin/dashboard/figure.html"
    where: Condition | None = None
    value: Callable[[Starlette], object] | None = None  # None: not shown
    query: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    most: int = 10_000  # maximum rows to count
    is_small: ClassVar[bool] = True

    def select(self, request: Request) -> AnySelect | None:
        """Return the statement, or the SELECT of the rows to count."""
        if self.where is None:
            return super().select(request)
        condition = self.where(request) if callable(self.where) else self.where
        return select(*primary_keys(self.models[0])).where(condition)

    def bounded(self, statement: AnySelect) -> AnySelect:
        """Return the COUNT, up to one row more than the limit."""
        if self.where is None:
            return statement.limit(1)
        return select(func.count()).select_from(statement.limit(self.most + 1).subquery())

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:
        """Return the formatted number, and its URL."""
        found = rows[0][0] if rows else None
        if found is None:
            return None
        is_more = self.where is not None and isinstance(found, int) and found > self.most
        text = f"{in_words(self.most)}+" if is_more else in_words(found)
        return {"text": text, "note": self.note, "url": list_address(request, self.models, self.query)}


@dataclass(frozen=True, kw_only=True)
class Chart(Widget):
    """A chart of numbers: of rows `per_day`, or of pairs (label, number)."""

    template: str = "sqladmin/dashboard/chart.html"
    per_day: SQLColumnExpression[datetime] | SQLColumnExpression[date] | None = None
    days: int = 30  # the last days including today, in the user's zone
    kind: Literal["bars", "line"] = "bars"
    limit: int = 100

    def select(self, request: Request) -> AnySelect | None:
        """Return the statement, or the SELECT of the number of rows per day."""
        if self.per_day is None:
            return super().select(request)
        first, zone = first_day(self.days), active_zone()
        midnight = datetime.combine(first, time(), zone).astimezone(UTC)
        day = day_of(self.per_day, zone, midnight)
        place: ColumnElement[int] = literal_column("1")  # the position of the day in the columns
        since = first if holds_days(self.per_day) else midnight
        counted = select(day, func.count()).where(self.per_day >= since).group_by(place).order_by(place)
        return cast("AnySelect", counted)

    def bounded(self, statement: AnySelect) -> AnySelect:
        """Return the statement limited to the rows that are drawn; of days, one may be in the future."""
        return statement.limit(self.limit if self.per_day is None else self.days + 1)

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:  # noqa: ARG002 - the signature of Widget
        """Return the drawing, and a table with the same values."""
        pairs = [(as_text(row[0]), _number(row[1])) for row in rows]
        if self.per_day is not None:
            found = dict(pairs)
            pairs = [(label, found.get(label, 0)) for label in _labels(self.days)]
        drawing = draw(pairs)
        return {"drawing": drawing, "rows": [(label, in_words(number)) for label, number in pairs], "kind": self.kind}


@dataclass(frozen=True, kw_only=True)
class Listing(Widget):
    """A few rows: the columns of the statement are labelled "text", and may be "note", and "key" of the first model."""

    template: str = "sqladmin/dashboard/listing.html"
    empty: str = gettext_lazy("There is nothing here yet.")
    query: Mapping[str, str] = field(default_factory=dict)  # of the list that "Show all" links to
    longest: int = 80  # maximum characters of a text

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:
        """Return the lines, each with the URL of its object if the user may open it."""
        names = self.labels(request)
        found = [dict(zip(names, row, strict=True)) for row in rows]
        lines = [
            (shorten(_as_text(one["text"]), self.longest), _as_text(one.get("note")), self._address(request, one))
            for one in found
        ]
        return {"lines": lines, "empty": self.empty, "url": list_address(request, self.models, self.query)}

    def labels(self, request: Request) -> list[str]:
        """Return the names of the columns."""
        statement = self.select(request)
        return [] if statement is None else [str(one["name"]) for one in statement.column_descriptions]

    def _address(self, request: Request, line: Mapping[str, object]) -> str | None:
        view = rights_of(request).view_of(self.models[0]) if "key" in line and self.models else None
        if view is None or not view.can_view_details or not rights_of(request).may_link(view.model):
            return None
        return path_for(request, "admin:details", identity=view.identity, pk=str(line["key"]))


def list_address(request: Request, models: Sequence[type[object]], query: Mapping[str, str]) -> str | None:
    """Return the URL of the list of the first model, if the user may open it."""
    view = rights_of(request).view_of(models[0]) if models else None
    if view is None:
        return None
    address = path_for(request, "admin:list", identity=view.identity)
    return f"{address}?{urlencode(query)}" if query else address


def in_words(value: object) -> str:
    """Return a number in the format of the language: 12,345 or 12.345."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return formats.number(value)
    return as_text(value)


def first_day(days: int) -> date:
    """Return the first of the last `days` days including today, in the user's zone."""
    return datetime.now(active_zone()).date() - timedelta(days=days - 1)


def _labels(days: int) -> list[str]:
    first = first_day(days)
    return [as_text(first + timedelta(days=one)) for one in range(days)]


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else float(value) if isinstance(value, Decimal) else 0


def _as_text(value: object) -> str:
    return "" if value is None else as_text(value)
