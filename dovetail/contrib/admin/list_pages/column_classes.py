"""Find the CSS classes of a list's columns: numbers are aligned at the right, and days stay on one line."""

import inspect as python_inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal

from sqlalchemy import Date, Float, Integer, Numeric, Time
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import Kind, find
from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.shown import ShownView, column_of

NUMBER, DAY = "number", "day"
CLASSES: Mapping[type[object], str] = {int: NUMBER, float: NUMBER, Decimal: NUMBER, date: DAY, time: DAY}
CLASSES_BY_NAME: Mapping[object, str] = {kind.__name__: name for kind, name in CLASSES.items()}


def column_classes(view: ShownView, request: Request, names: Sequence[str]) -> Mapping[str, str]:
    """Return the class of each column that has one.

    It follows from the column's type, or from the annotated result of a method. A number that links to the page of its
    object stands where the names of objects do, at the left.
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
    if found is None or found.is_to_many or found.kind not in {Kind.COLUMN, Kind.EXPRESSION}:
        return ""
    kind = bare(found.sql.type)
    if isinstance(kind, Integer | Numeric | Float):
        return NUMBER
    return DAY if isinstance(kind, Date | Time) else ""


def _class_of_result(compute: Callable[..., object]) -> str:
    said = python_inspect.signature(compute).return_annotation
    return CLASSES.get(said, "") if isinstance(said, type) else CLASSES_BY_NAME.get(said, "")
