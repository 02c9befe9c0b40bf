"""Joins of a page of a few rows with their related rows that PostgreSQL reads by their keys, whatever its settings.

With its default `random_page_cost`, PostgreSQL may read and hash a table of a thousand users to find the authors of
twenty posts, or sort all links of posts to tags. Looking up twenty keys costs a fraction of that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnClause, ColumnElement, FromClause, Select, literal_column, select
from sqlalchemy.orm import MANYTOONE, RelationshipProperty, aliased
from sqlalchemy.sql import visitors

from dovetail.database.search.selective_conditions import InSubquery, is_plain_join


@dataclass(frozen=True)
class Links:
    """The rows of a secondary table that belong to the rows of a page."""

    table: FromClause
    own: ColumnElement[object]  # the column with the key of a row of the page
    join: ColumnElement[bool]  # with the related rows
    condition: ColumnElement[bool]


def looked_up(
    mapped: RelationshipProperty[object], entity: object, columns: Sequence[ColumnElement[object]]
) -> type[object] | None:
    """Return an alias of the related model whose row, with these columns, is looked up by its key for each `entity`.

    None if the relation does not lead to one row of one table by its primary key, or the table lacks a column.
    """
    if not _is_by_key(mapped) or not set(columns) <= set(mapped.mapper.local_table.c):
        return None
    ((local, remote),) = mapped.local_remote_pairs or ()
    table = mapped.mapper.local_table.alias()
    same = _column_of(table, remote) == getattr(entity, mapped.parent.get_property_by_column(local).key)
    found = select(*(_column_of(table, column) for column in columns)).where(same)
    # PostgreSQL does not merge a subquery with OFFSET into the outer query, so it cannot turn it into a hash join.
    return cast("type[object]", aliased(mapped.mapper.class_, found.offset(literal_column("0")).lateral()))


def is_linked(mapped: RelationshipProperty[object]) -> bool:
    """Return True if a list is found by a secondary table of two foreign keys, and ordered by columns of its own."""
    if mapped.secondary is None or not is_plain_join(mapped) or mapped.mapper.polymorphic_on is not None:
        return False
    parts = [part for order in mapped.order_by or () for part in visitors.iterate(order)]
    return all(part.table is mapped.mapper.local_table for part in parts if isinstance(part, ColumnClause))


def links_of(mapped: RelationshipProperty[object], keys: Select[object]) -> Links:
    """Return the links of the rows of a page, given the SELECT of their keys, to the rows of a list."""
    assert mapped.secondary is not None  # noqa: S101 - see is_linked
    table = mapped.secondary.alias()  # a policy's condition may have a subquery of the table itself
    ((_, own),) = mapped.synchronize_pairs
    ((there, other),) = mapped.secondary_synchronize_pairs or ()
    column = _column_of(table, own)
    return Links(table, column, _column_of(table, other) == there, InSubquery(column, keys.scalar_subquery()))


def _is_by_key(mapped: RelationshipProperty[object]) -> bool:
    if mapped.direction is not MANYTOONE or not is_plain_join(mapped) or mapped.mapper.polymorphic_on is not None:
        return False
    return [remote for _, remote in mapped.local_remote_pairs or ()] == [*mapped.mapper.primary_key]


def _column_of(alias: FromClause, column: ColumnElement[object]) -> ColumnElement[object]:
    """Return the column of the alias of a table that stands for `column` of the table."""
    return next(one for one in alias.c if one.shares_lineage(column))
