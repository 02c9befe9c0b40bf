"""The SELECT that cuts a page out of a resource's rows: filters, search, order, cursor, policy."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, func, literal_column, select, true

from project.api.resources import ordering
from project.api.resources.lookups import like, placeholders
from project.api.resources.ordering import Terms
from project.api.resources.query import CAP, ListQuery
from project.api.resources.scope import Scope
from project.api.resources.search import Search


@dataclass(frozen=True)
class PageRequest:
    """What is asked of a list, split into what changes the statement (`shape`) and what does not (`values`)."""

    query: ListQuery
    terms: Terms  # in the direction of reading: those of the list, or all of them reversed
    cursor_values: tuple[Any, ...] = ()

    @property
    def shape(self) -> Hashable:
        """What the text of the statement depends on."""
        query = self.query
        filters = tuple(
            (parameter.name, value if parameter.lookup.operand == "flag" else len(parameter.arguments(value)))
            for parameter, value in query.filters
        )
        nulls = tuple(value is None for value in self.cursor_values)
        terms = tuple(term.name for term in self.terms)
        return filters, terms, nulls, self.includes_cursor, bool(query.search), query.limit, bool(query.offset)

    @property
    def includes_cursor(self) -> bool:
        """Whether the row that the cursor stands at belongs to the page."""
        return self.query.cursor is not None and self.query.cursor.inclusive

    def values(self) -> dict[str, Any]:
        """What the placeholders of the statement stand for."""
        found: dict[str, Any] = {"offset": self.query.offset, "search": f"%{like(self.query.search)}%"}
        found["words"] = self.query.search  # for full text
        for number, (parameter, value) in enumerate(self.query.filters):
            found |= {f"filter_{number}_{i}": one for i, one in enumerate(parameter.arguments(value))}
        return found | {f"cursor_{number}": value for number, value in enumerate(self.cursor_values)}


def page_select(
    model: type[Any], columns: Sequence[Any], request: PageRequest, scope: Scope, search: Search
) -> Select[Any]:
    """SELECT `columns`, then the values to order by as order_0 and so on, of one page and one row more."""
    positions = ordering.expressions(request.terms, scope.related)
    labelled = [position.label(f"order_{number}") for number, position in enumerate(positions)]
    statement = select(*columns, *labelled).select_from(model).where(conditions(request, scope, search, positions))
    statement = statement.order_by(*(term.order(one) for term, one in zip(request.terms, positions, strict=True)))
    # A limit written into the text lets PostgreSQL plan for it.
    statement = statement.limit(literal_column(str(request.query.limit + 1)))
    return statement.offset(bindparam("offset", type_=BigInteger())) if request.query.offset else statement


def count_select(model: type[Any], request: PageRequest, scope: Scope, search: Search) -> Select[Any]:
    """SELECT how many rows there are on all pages, up to one more than CAP if the count is capped."""
    condition = conditions(request, scope, search, ())
    if request.query.count != "capped":
        return select(func.count()).select_from(model).where(condition)
    some: Select[Any] = (
        select(literal_column("1")).select_from(model).where(condition).limit(literal_column(str(CAP + 1)))
    )
    return select(func.count()).select_from(some.subquery())


def conditions(
    request: PageRequest, scope: Scope, search: Search, positions: Sequence[ColumnElement[Any]]
) -> ColumnElement[bool]:
    """What a row of the list fulfils; with `positions`, also that it comes after the cursor, or at it."""
    found = [true(), scope.rows]
    for number, (parameter, value) in enumerate(request.query.filters):
        count = len(parameter.arguments(value))
        found.append(parameter.condition(placeholders(parameter, f"filter_{number}", count), value, scope.related))
    if request.query.search:
        found.append(search.condition(scope))
    if request.cursor_values and positions:
        binds = [
            None if value is None else bindparam(f"cursor_{number}", type_=term.path.type)
            for number, (term, value) in enumerate(zip(request.terms, request.cursor_values, strict=True))
        ]
        found.append(ordering.after(request.terms, positions, binds, inclusive=request.includes_cursor))
    return and_(*found)
