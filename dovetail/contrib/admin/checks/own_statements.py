"""Report pages and filters of a site that read models by their own SQL, to which no policy is applied automatically."""

from collections.abc import Iterator
from types import FunctionType

from sqladmin import BaseView
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.checks.every_view import every_view
from dovetail.contrib.admin.columns.code_names import names_in
from dovetail.contrib.admin.sqladmin_private import exposed_methods
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.plugin import CheckMessage, Context, info

NARROWING = frozenset({"shown_rows", "visible_rows", "policies"})
ASKED_OF_FILTERS = ("get_filtered_query", "lookups")


def check_own_statements(context: Context) -> Iterator[CheckMessage]:
    """Yield a finding for each page and filter that reads a model without narrowing its rows; it may be intended."""
    for view in every_view(context):
        for where, models in _found(view):
            yield info(
                "admin.I001",
                f"{view.__name__}: {where} reads {', '.join(models)} by SQL of its own, which no policy narrows.",
                f"add .where(shown_rows(request, {models[0]})) of dovetail.contrib.admin.views, if its rows or "
                "what they add up to are not for everybody who may open it",
            )


def _found(view: type[BaseView]) -> Iterator[tuple[str, list[str]]]:
    for name, method in exposed_methods(view):
        if not _is_shipped(method):
            yield from _read_by(f"the page {name}()", method, None)
    if not issubclass(view, ModelAdmin):
        return
    for one in view.list_filter:
        for name in ASKED_OF_FILTERS:
            asked = getattr(type(one), name, None)
            if isinstance(asked, FunctionType) and not _is_shipped(asked):
                yield from _read_by(f"{type(one).__name__}.{name}()", asked, view.model)


def _is_shipped(function: FunctionType) -> bool:
    """Return True if a function belongs to Dovetail or SQLAdmin, and not to the site."""
    return function.__module__.startswith(("dovetail.", "sqladmin."))


def _read_by(where: str, method: FunctionType, own: type[object] | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the models that a function names, unless it narrows them; `own` is narrowed before it is asked."""
    names = names_in(method)
    named = {name: method.__globals__.get(name) for name in sorted(names)}
    models = [name for name, value in named.items() if _is_model(value) and value is not own]
    if models and names.isdisjoint(NARROWING):
        yield where, models


def _is_model(value: object) -> bool:
    return isinstance(value, type) and isinstance(inspect(value, raiseerr=False), Mapper)
