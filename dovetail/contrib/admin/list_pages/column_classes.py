"""Find the CSS classes of a list's columns: numbers are aligned at the right, and days stay on one line."""

import inspect as python_inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from sqlalchemy import Date, Float, Integer, Numeric, Time
from sqlalchemy.ext.hybrid import hybrid_property
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import Kind, find
from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.shown import ShownView, column_of

NUMBER, DAY = "number", "day"
CLASSES: Mapping[type[object], str] = {int: NUMBER, float: NUMBER, Decimal: NUMBER, date: DAY, time: DAY}
CLASSES_BY_NAME: Mapping[str, str] = {kind.__name__: name for kind, name in CLASSES.items()}


def column_classes(view: ShownView, request: Request, names: Sequence[str]) -> Mapping[str, str]:
    """Return the class of each column that has one.

    It follows from the column's type, or from the annotated result of a method or a property. A number that links to
    the page of its object stands where the names of objects do, at the left.
    """
    links = set(view.linking(request))
    found = {name: _class_of(view, name) for name in names}
    return {name: one for name, one in found.items() if one and not (one == NUMBER and name in links)}


def _class_of(view: ShownView, name: str) -> str:
    column = column_of(view, name)
    if column is not None and column.shown_as.boolean:
        return ""
    if column is not None and column.compute is not None:
        return _class_of_result(column.compute)
    found = find(view.model, name)
    if found is not None and found.kind is Kind.VALUE and not found.is_to_many:
        getter = _getter(found.owner, found.name)
        return "" if getter is None else _class_of_result(getter)
    if found is None or found.is_to_many or found.kind not in {Kind.COLUMN, Kind.EXPRESSION}:
        return ""
    kind = bare(found.sql.type)
    if isinstance(kind, Integer | Numeric | Float):
        return NUMBER
    return DAY if isinstance(kind, Date | Time) else ""


def _getter(owner: type[object], name: str) -> Callable[..., object] | None:
    found = python_inspect.getattr_static(owner, name)
    if isinstance(found, property | hybrid_property):
        return found.fget
    return found.func if isinstance(found, cached_property) else None


def _class_of_result(compute: Callable[..., object]) -> str:
    try:
        said = python_inspect.signature(compute, eval_str=True).return_annotation
    except NameError:  # it names what only type checkers import
        words = str(python_inspect.signature(compute).return_annotation).split("|")
        found = {CLASSES_BY_NAME.get(word.strip(), "") for word in words if word.strip() != "None"}
    else:
        found = {CLASSES.get(kind, "") for kind in _kinds(said)}
    return found.pop() if len(found) == 1 else ""


def _kinds(said: object) -> list[type[object]]:
    """Return the types in an annotation, without that of None."""
    if get_origin(said) is Annotated:
        return _kinds(get_args(said)[0])
    if get_origin(said) in {Union, UnionType}:
        return [kind for one in get_args(said) for kind in _kinds(one)]
    return [said] if isinstance(said, type) and said is not NoneType else []
