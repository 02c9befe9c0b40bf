"""Recognize conditions that all rows fulfil (`true()`), or none (`false()`), and those that look at other rows."""

from sqlalchemy import ColumnClause, ColumnElement, TextClause
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import AsBoolean, False_, True_
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import ExternallyTraversible

from dovetail.database.search.selective_conditions import SelectiveCondition


def is_always(condition: ColumnElement[bool]) -> bool:
    """Return True for `true()`."""
    return isinstance(_bare(condition), True_)


def is_never(condition: ColumnElement[bool]) -> bool:
    """Return True for `false()`."""
    return isinstance(_bare(condition), False_)


def has_subquery(condition: ColumnElement[bool]) -> bool:
    """Return True if a condition looks at other rows than the one it tests, or is SQL text that may."""
    return any(map(_looks_further, visitors.iterate(condition)))


def _bare(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition.element if isinstance(condition, AsBoolean) else condition  # `and_` wraps constants in it


def _looks_further(part: ExternallyTraversible) -> bool:
    is_text = isinstance(part, ColumnClause) and part.is_literal and "select" in part.name.lower()
    return is_text or isinstance(part, (SelectBase, SelectiveCondition, TextClause))
