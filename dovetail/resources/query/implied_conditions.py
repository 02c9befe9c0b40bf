"""Leave out conditions that follow from the value which another one requires of a boolean column.

The filter `is_published=true` beside a policy's "published, or the viewer's own" leaves the filter alone. PostgreSQL
does not see that: it would look up the author of each row that a page skips, though an index has all that is needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from sqlalchemy import BinaryExpression, Boolean, Column, ColumnElement, or_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import AsBoolean, False_, True_

from dovetail.database.search.indexes import column_of

Flags = Mapping[Column[object], bool]


def without_implied(conditions: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Return conditions that the same rows fulfil, without those that follow from another."""
    flags: dict[Column[object], bool] = {}
    kept: list[ColumnElement[bool]] = []
    for condition in conditions:
        flag = _required_flag(condition)
        if flag is None or flags.get(flag[0]) is not flag[1]:
            kept.append(condition)
        if flag is not None:
            flags.setdefault(*flag)
    return [left for condition in kept if (left := _left(condition, flags)) is not None] if flags else kept


def _left(condition: ColumnElement[bool], flags: Flags) -> ColumnElement[bool] | None:
    """Return what is left of a condition if columns have the values of `flags`; None if they fulfil it."""
    if getattr(condition, "operator", None) is not operators.or_:
        return condition
    open_ones = []
    for one in cast("Iterable[ColumnElement[bool]]", condition.get_children()):
        flag = _required_flag(one)
        if flag is None or flag[0] not in flags:
            open_ones.append(one)
        elif flags[flag[0]] is flag[1]:
            return None
    return or_(*open_ones) if open_ones else condition


def _required_flag(condition: ColumnElement[bool]) -> tuple[Column[object], bool] | None:
    """Return the boolean column that has to have a certain value, and the value; None for any other condition."""
    if isinstance(condition, AsBoolean):  # a column by itself, or its negation, within an AND or OR
        column, value = column_of(condition.element), condition.operator is operators.is_true
    elif not isinstance(condition, BinaryExpression):
        column, value = column_of(condition), True
    elif condition.operator in (operators.eq, operators.is_) and isinstance(condition.right, (True_, False_)):
        column, value = column_of(condition.left), isinstance(condition.right, True_)
    else:
        return None
    return (column, value) if column is not None and isinstance(column.type, Boolean) else None
