"""Tell the conditions that all rows fulfil, or none, from those that look at rows."""

from sqlalchemy import ColumnElement
from sqlalchemy.sql.elements import AsBoolean, False_, True_


def is_always(condition: ColumnElement[bool]) -> bool:
    """Return True for `true()`, which needs no look at any row."""
    return isinstance(_bare(condition), True_)


def is_never(condition: ColumnElement[bool]) -> bool:
    """Return True for `false()`, which needs no look at any row."""
    return isinstance(_bare(condition), False_)


def _bare(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition.element if isinstance(condition, AsBoolean) else condition  # which `and_` puts around a constant
