"""Recognize conditions that all rows fulfil (`true()`), or none (`false()`)."""

from sqlalchemy import ColumnElement
from sqlalchemy.sql.elements import AsBoolean, False_, True_


def is_always(condition: ColumnElement[bool]) -> bool:
    """Return True for `true()`."""
    return isinstance(_bare(condition), True_)


def is_never(condition: ColumnElement[bool]) -> bool:
    """Return True for `false()`."""
    return isinstance(_bare(condition), False_)


def _bare(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition.element if isinstance(condition, AsBoolean) else condition  # `and_` wraps constants in it
