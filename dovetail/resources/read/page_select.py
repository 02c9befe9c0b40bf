"""The SELECT of a page of a resource's rows, and the one that counts them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Select, bindparam, func, inspect, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import True_

from dovetail.database.search.indexes import Term, columns_with_values, compared_column, keeps_in_order
from dovetail.database.search.selective_conditions import SelectiveCondition
from dovetail.resources.query import ordering
from dovetail.resources.query.implied_conditions import without_implied
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import CAP
from dovetail.resources.query.where import PageRequest, conditions
from dovetail.resources.read import access_paths
from dovetail.resources.read.generic_plans import planned
from dovetail.resources.visibility import Visibility


def page_select(
    model: type[object],
    columns: Sequence[Any],
    request: PageRequest,
    visibility: Visibility,
    search: Search,
    *,
    dialect: Dialect,
) -> Select[object]:
    """Return the SELECT of `columns` and of the values to order by, labelled order_0 and so on.

    It selects one row more than the page, which tells whether there is a next page.
    """
    positions = ordering.expressions(request.terms, visibility.related)
    labelled = [position.label(f"order_{number}") for number, position in enumerate(positions)]
    found = without_implied(conditions(request, visibility, search, positions))
    order = [(term.path.column, term.descending) for term in request.terms]
    found += planned(without_implied(conditions(request, visibility, search, ())), order, dialect)
    key, *others = inspect(model).primary_key
    rows = select(key.label("key"), *labelled).select_from(model)
    page = access_paths.Slice(
        request.query.limit + 1,
        bindparam("offset", type_=BigInteger()) if request.query.offset else None,
        lambda places: [term.order(place) for term, place in zip(request.terms, places, strict=True)],
        request.reach,
    )
    in_order = _is_in_order(found, order)
    keys = None if others else access_paths.page_of_keys(rows, key, found, page, dialect, is_in_order=in_order)
    if keys is None and request.query.offset and not others:
        keys = page.cut_keys(rows.where(*found), dialect)
    if keys is None:
        return page.cut(select(*columns, *labelled).select_from(model).where(*found), positions)
    # Only keys are skipped and sorted; whole rows are read for the page alone.
    chosen = keys.cte("chosen")
    places = [chosen.c[f"order_{number}"] for number in range(len(positions))]
    statement = select(*columns, *places).select_from(model).join(chosen, chosen.c.key == key)
    return statement.order_by(*page.order(places))


def is_selective(request: PageRequest, visibility: Visibility, search: Search) -> bool:
    """Return True if the request has a selective condition, with which a page may have hardly any row."""
    return any(isinstance(one, SelectiveCondition) for one in conditions(request, visibility, search, ()))


def count_select(
    model: type[object], request: PageRequest, visibility: Visibility, search: Search, dialect: Dialect
) -> Select[int]:
    """Return the SELECT of the number of rows on all pages, up to CAP + 1 if the count is capped."""
    key, *others = inspect(model).primary_key
    limit = CAP + 1 if request.query.count == "capped" else None
    found = without_implied(conditions(request, visibility, search, ()))
    found += planned(found, (), dialect)
    if others:
        rows = select(key).select_from(model).where(*found).limit(limit)
        return select(func.count()).select_from(rows.subquery("counted"))
    return access_paths.count_of(select(key).select_from(model), key, found, limit, dialect)


def _is_in_order(conditions: Sequence[ColumnElement[bool]], order: Sequence[Term]) -> bool:
    """Return True if an index holds, in order, exactly the rows that fulfil all but the selective conditions."""
    others = [one for one in conditions if not isinstance(one, (SelectiveCondition, True_))]
    columns = [compared_column(one, operators.eq, operators.is_) for one in others]
    equal = [column for column in columns if column is not None]
    return bool(equal) and len(equal) == len(columns) and keeps_in_order(equal, order, columns_with_values(others))
