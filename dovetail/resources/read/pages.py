"""The SELECT that cuts a page out of a resource's rows: filters, search, order, cursor, policy."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Select,
    bindparam,
    inspect,
    select,
    true,
)

from dovetail.database.search.narrowing import all_of
from dovetail.resources.query import keyset, ordering
from dovetail.resources.query.filters import like, placeholders
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import CAP, ListQuery
from dovetail.resources.read import ways
from dovetail.resources.visibility import Visibility

DEEP = 1_000  # rows


@dataclass(frozen=True)
class PageRequest:
    """What is asked of a list, split into what changes the statement (`cache_key`) and what does not (`parameters`)."""

    query: ListQuery
    terms: Terms  # in the direction of reading: those of the list, or all of them reversed
    cursor_values: tuple[Any, ...] = ()

    @property
    def cache_key(self) -> Hashable:
        """The part of the compiled statement's cache key that the request decides."""
        query = self.query
        filters = tuple(
            (parameter.name, value if parameter.lookup.operand == "flag" else len(parameter.arguments(value)))
            for parameter, value in query.filters
        )
        nulls = tuple(value is None for value in self.cursor_values)
        terms = tuple(term.name for term in self.terms)
        depth = (query.offset > 0, self.is_deep)
        return filters, terms, nulls, self.includes_cursor, bool(query.search), query.limit, depth

    @property
    def is_deep(self) -> bool:
        """Whether so many rows are skipped that it pays to skip nothing but keys."""
        return self.query.offset >= DEEP

    @property
    def includes_cursor(self) -> bool:
        """Whether the row that the cursor stands at belongs to the page."""
        return self.query.cursor is not None and self.query.cursor.inclusive

    def parameters(self) -> dict[str, Any]:
        """Return the value of each placeholder in the statement, by name."""
        found: dict[str, Any] = {"offset": self.query.offset, "search": f"%{like(self.query.search)}%"}
        found["words"] = self.query.search  # for full text
        for number, (parameter, value) in enumerate(self.query.filters):
            found |= {f"filter_{number}_{i}": one for i, one in enumerate(parameter.arguments(value))}
        return found | {f"cursor_{number}": value for number, value in enumerate(self.cursor_values)}


def page_select(
    model: type[Any],
    columns: Sequence[Any],
    request: PageRequest,
    visibility: Visibility,
    search: Search,
    *,
    dialect: Dialect,
) -> Select[Any]:
    """SELECT `columns`, then the values to order by as order_0 and so on, of one page and one row more."""
    positions = ordering.expressions(request.terms, visibility.related)
    labelled = [position.label(f"order_{number}") for number, position in enumerate(positions)]
    found = conditions(request, visibility, search, positions)
    (key,) = inspect(model).primary_key
    rows = select(key.label("key"), *labelled).select_from(model)
    page = ways.Page(
        request.query.limit + 1,
        bindparam("offset", type_=BigInteger()) if request.query.offset else None,
        lambda places: [term.order(place) for term, place in zip(request.terms, places, strict=True)],
    )
    keys = ways.page_of_keys(rows, key, found, page, dialect)
    if keys is None and request.is_deep:
        keys = page.cut(rows.where(*found), positions)
    if keys is None:
        return page.cut(select(*columns, *labelled).select_from(model).where(*found), positions)
    # What is skipped, or chosen from, are keys; the rows themselves are read for the page only.
    chosen = keys.cte("chosen")
    places = [chosen.c[f"order_{number}"] for number in range(len(positions))]
    statement = select(*columns, *places).select_from(model).join(chosen, chosen.c.key == key)
    return statement.order_by(*page.order(places))


def count_select(
    model: type[Any], request: PageRequest, visibility: Visibility, search: Search, dialect: Dialect
) -> Select[Any]:
    """SELECT how many rows there are on all pages, up to one more than CAP if the count is capped."""
    (key,) = inspect(model).primary_key
    limit = CAP + 1 if request.query.count == "capped" else None
    return ways.count_of(
        select(key).select_from(model), key, conditions(request, visibility, search, ()), limit, dialect
    )


def conditions(
    request: PageRequest, visibility: Visibility, search: Search, positions: Sequence[ColumnElement[Any]]
) -> list[ColumnElement[bool]]:
    """What a row of the list fulfils; with `positions`, also that it comes after the cursor, or at it."""
    found = [true(), *all_of(visibility.rows)]
    for number, (parameter, value) in enumerate(request.query.filters):
        count = len(parameter.arguments(value))
        found.append(parameter.condition(placeholders(parameter, f"filter_{number}", count), value, visibility.related))
    if request.query.search:
        found.append(search.condition(visibility))
    if request.cursor_values and positions:
        binds = [
            None if value is None else bindparam(f"cursor_{number}", type_=term.path.type)
            for number, (term, value) in enumerate(zip(request.terms, request.cursor_values, strict=True))
        ]
        directions = [term.direction for term in request.terms]
        found.append(keyset.after(positions, directions, binds, inclusive=request.includes_cursor))
    return found
