"""Generic plans: the statements that PostgreSQL may plan once for all values, and those that it plans for each.

PostgreSQL plans a prepared statement for each of its first five runs, and then once for all values if such a plan looks
no dearer (https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES). That saves half of what a short
read costs. But a plan for all values takes every value for an average one: good for a key and for the place where a
page begins, ruinous for an author who wrote half of all posts, whose rows it would gather and sort.

Nothing is set on a connection, so that a pooler between may share it: the statement itself looks cheap or dear.
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

# True for each value that is planned for, and then PostgreSQL forgets the rest; for all values it counts its cost.
PLANNED_FOR_EACH_VALUE: ColumnElement[bool] = or_(
    bindparam("planned_for_each_value", value=True, type_=Boolean()),
    literal_column("(SELECT count(*) FROM generate_series(1, 100000000)) > 0", Boolean()),
)


def planned(
    conditions: Sequence[ColumnElement[bool]], order: Sequence[Term], dialect: Dialect
) -> list[ColumnElement[bool]]:
    """Return the condition to add, if any, where one plan is not good for all values in `conditions`.

    The rows are read in this `order`; an empty one says that it does not matter.
    """
    if dialect.name != "postgresql" or _suits_all_values(conditions, order):
        return []
    return [PLANNED_FOR_EACH_VALUE]


def _suits_all_values(conditions: Sequence[ColumnElement[bool]], order: Sequence[Term]) -> bool:
    columns = [_equal_column(one) for one in conditions if _narrows_by_value(one)]
    if any(column is not None and _is_unique(column) for column in columns):
        return True
    equal = [column for column in columns if column is not None]
    return len(equal) == len(columns) and (not equal or keeps_in_order(equal, order))


def _narrows_by_value(condition: ColumnElement[bool]) -> bool:
    """Return whether the number of rows that fulfil a condition depends on a value."""
    if isinstance(condition, SelectiveCondition):
        return False  # the statement counts
    if getattr(condition, "operator", None) is operators.or_:  # as policies say it: public, or the viewer's own
        return all(_narrows_by_value(one) for one in condition.get_children())  # type: ignore[arg-type]  # conditions
    return any(isinstance(part, BindParameter) for part in visitors.iterate(condition))


def _equal_column(condition: ColumnElement[bool]) -> Column[object] | None:
    """Return the column that a condition compares with a value, or with a few if it is unique."""
    among = compared_column(condition, operators.in_op)
    return among if among is not None and _is_unique(among) else compared_column(condition, operators.eq)


def _is_unique(column: Column[object]) -> bool:
    return bool(column.unique) or [*column.table.primary_key.columns] == [column]
