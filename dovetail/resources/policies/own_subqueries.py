"""Rules of related rows that look at other rows, made safe to be put into the statement of a resource.

There a row is read by an alias, and the rows of the resource itself by the page that was found: SQLAlchemy replaces the
tables of a relation by these in all of a condition. In a subquery that reads such a table, as in

    Organisation.id.in_(select(Membership.organisation_id).where(Membership.user_id == viewer.id))

within the list of memberships, it would read the page in place of the table, or compare the page with itself. A rule is
about all rows, whatever leads to the row that it is asked of.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import Column, ColumnElement, FromClause, Select, Table, inspect, select, tuple_
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import ExternallyTraversible

from dovetail.database.drivers.sqlalchemy_private_statements import as_plain_subquery, is_plain_subquery


def with_own_subqueries(
    condition: ColumnElement[bool], model: type[object], before: Collection[type[object]]
) -> ColumnElement[bool]:
    """Return a condition on rows of `model` that means the same where relations of the models `before` lead to it."""
    replaced = {table for one in before for table in inspect(one).tables}
    if not _reads(condition, replaced):
        return condition
    own = set(inspect(model).tables)
    condition = visitors.replacement_traverse(condition, {}, lambda element, **_: _kept(element, own))
    if not _reads(condition, replaced):
        return condition
    mapper = inspect(model)
    keys = [getattr(model, mapper.get_property_by_column(key).key) for key in mapper.primary_key]
    found = as_plain_subquery(select(*keys).where(condition).correlate(None))
    return keys[0].in_(found) if len(keys) == 1 else tuple_(*keys).in_(found)


def _kept(element: ExternallyTraversible, own: Collection[FromClause]) -> ExternallyTraversible | None:
    """Return a subquery that has nothing to do with the row, to be left as it is."""
    if not isinstance(element, Select) or not _tables(element).isdisjoint(own):
        return None
    return as_plain_subquery(element.correlate(None))


def _reads(condition: ClauseElement, tables: Collection[FromClause]) -> bool:
    """Return True if a subquery that is not left as it is reads one of these tables."""
    return any(not _tables(one).isdisjoint(tables) for one in _subqueries(condition))


def _subqueries(element: ClauseElement) -> Iterator[Select[object]]:
    if isinstance(element, Select):
        if not is_plain_subquery(element):
            yield element
        return
    for child in element.get_children():
        if isinstance(child, ClauseElement):
            yield from _subqueries(child)


def _tables(subquery: Select[object]) -> set[FromClause]:
    parts = list(visitors.iterate(subquery))
    named = {part.table for part in parts if isinstance(part, Column)}
    return named | {part for part in parts if isinstance(part, Table)}
