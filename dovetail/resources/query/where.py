"""The WHERE of a list: filters, search, cursor and policy become conditions on its rows, with placeholders for values.

`PageRequest` is what a URL asks for; `conditions` makes the WHERE of it, and `PageRequest.parameters` the values.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, true

from dovetail.database.search.selective_conditions import all_of
from dovetail.resources.query import keyset
from dovetail.resources.query.filters import like
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ListQuery
from dovetail.resources.visibility import Visibility

FARTHEST = 2**63 - 1  # PostgreSQL's bigint; no table has as many rows
NEAREST = 64  # the smallest `reach` in rows; the others are 4, 16, 64 ... times as many


@dataclass(frozen=True)
class PageRequest:
    """A request for a page: `cache_key` is the part that changes the statement, `parameters` the part that does not."""

    query: ListQuery
    terms: Terms  # in the direction of reading: those of the list, or all of them reversed
    cursor_values: tuple[object, ...] = ()

    @property
    def cache_key(self) -> Hashable:
        """The part of the compiled statement's cache key that depends on the request."""
        query = self.query
        filters = tuple((parameter.name, parameter.part_of_statement(value)) for parameter, value in query.filters)
        nulls = tuple(value is None for value in self.cursor_values)
        terms = tuple(term.name for term in self.terms)
        return filters, terms, nulls, self.includes_cursor, bool(query.search), query.limit, self.reach

    @property
    def reach(self) -> int | None:
        """A number of rows, from the first, that includes the page; None without an offset.

        It is written into the statement, so that PostgreSQL plans for it, and has few values, so that few are compiled.
        """
        if not self.query.offset:
            return None
        reach, end = NEAREST, self.query.offset + self.query.limit + 1
        while reach < end:
            reach *= 4
        return min(reach, FARTHEST)

    @property
    def includes_cursor(self) -> bool:
        """True if the row of the cursor itself belongs to the page."""
        return self.query.cursor is not None and self.query.cursor.inclusive

    def parameters(self) -> dict[str, object]:
        """Return the value of each placeholder in the statement, by name."""
        found: dict[str, object] = {"offset": self.query.offset, "search": f"%{like(self.query.search)}%"}
        found["words"] = self.query.search  # for full text
        for number, (parameter, value) in enumerate(self.query.filters):
            found |= {f"filter_{number}_{i}": one for i, one in enumerate(parameter.arguments(value))}
        return found | place_of(self.cursor_values)


def place_of(values: Sequence[object]) -> dict[str, object]:
    """Return the values of the placeholders for the cursor."""
    return {f"cursor_{number}": value for number, value in enumerate(values)}


def conditions(
    request: PageRequest, visibility: Visibility, search: Search, positions: Sequence[ColumnElement[object]]
) -> list[ColumnElement[bool]]:
    """Return the conditions on the rows of the list; with `positions`, also that they come after the cursor."""
    found = [true(), *all_of(visibility.rows)]
    if visibility.within is not None:
        found += all_of(visibility.within)
    for number, (parameter, value) in enumerate(request.query.filters):
        placeholders = parameter.placeholders(f"filter_{number}", len(parameter.arguments(value)))
        found.append(parameter.condition(placeholders, value, visibility.related))
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
