"""Generic and custom plans: keep PostgreSQL from using one plan for all values where that would be slow for some.

PostgreSQL makes a custom plan for each of the first five runs of a prepared statement, and then a generic plan for all
values, if that is not estimated to be slower
(https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES). That saves half the cost of a short read.
But a generic plan assumes that every value is an average one: good for a key or the position of a page, ruinous for an
author who wrote half of all posts, whose rows it would gather and sort.

No setting of the connection is changed (`plan_cache_mode`), so that it can be shared through a pooler: instead, a
condition in the statement makes the generic plan look expensive.
"""

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    bindparam,
    literal_column,
    or_,
)
from sqlalchemy.sql import operators, visitors

from dovetail.database.search.indexes import Term, compared_column, keeps_in_order
from dovetail.database.search.selective_conditions import SelectiveCondition

# A custom plan knows that the parameter is true, and so drops the rest; a generic plan includes the cost of the rest.
PLANNED_FOR_EACH_VALUE: ColumnElement[bool] = or_(
    bindparam("planned_for_each_value", value=True, type_=Boolean()),
    literal_column("(SELECT count(*) FROM generate_series(1, 100000000)) > 0", Boolean()),
)


def planned(
    conditions: Sequence[ColumnElement[bool]], order: Sequence[Term], dialect: Dialect
) -> list[ColumnElement[bool]]:
    """Return the condition to add, in a list, if a generic plan would not suit all values in `conditions`.

    The rows are read in this `order`; an empty one means any order.
    """
    if dialect.name != "postgresql" or _suits_all_values(conditions, order):
        return []
    return [PLANNED_FOR_EACH_VALUE]


def _suits_all_values(conditions: Sequence[ColumnElement[bool]], order: Sequence[Term]) -> bool:
    columns = [_equal_column(one) for one in conditions if _narrows_by_value(one)]
    if any(column is not None and _is_unique(column) for column in columns):
        return True
    equal = [column for column in columns if column is not None]
    return len(equal) == len(columns) and (not equal or keeps_in_order(equal, order, equal))


def _narrows_by_value(condition: ColumnElement[bool]) -> bool:
    """Return True if the number of rows that fulfil a condition depends on a parameter."""
    if isinstance(condition, SelectiveCondition):
        return False  # the statement counts its rows and chooses by itself
    if getattr(condition, "operator", None) is operators.or_:  # typical of policies: public, or the viewer's own
        return all(_narrows_by_value(one) for one in condition.get_children())  # type: ignore[arg-type]  # conditions
    return any(isinstance(part, BindParameter) for part in visitors.iterate(condition))


def _equal_column(condition: ColumnElement[bool]) -> Column[object] | None:
    """Return the column that a condition compares with one value, or with several if the column is unique."""
    among = compared_column(condition, operators.in_op)
    return among if among is not None and _is_unique(among) else compared_column(condition, operators.eq)


def _is_unique(column: Column[object]) -> bool:
    return bool(column.unique) or [*column.table.primary_key.columns] == [column]
