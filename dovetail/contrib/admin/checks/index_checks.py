"""Warn of orders, filters and searches that no index serves, while the table is small."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.orm import InstrumentedAttribute, Mapper

from dovetail.contrib.admin.checks.every_view import every_view
from dovetail.contrib.admin.columns.attributes import name_of, term_of
from dovetail.contrib.admin.lists.path_filter import PathFilter
from dovetail.contrib.admin.lists.search import bare
from dovetail.contrib.admin.shown import sort_path_of, sortable_names
from dovetail.contrib.admin.views import ModelAdmin, as_filter
from dovetail.database.search.indexes import Unserved, index_for, starts_an_index, unindexed_steps
from dovetail.errors import ConfigurationError
from dovetail.plugin import CheckMessage, Context, warning
from dovetail.resources.query.paths import walk

SEARCH = "search"


def check_indexes(context: Context) -> Iterator[CheckMessage]:
    """Find default orders, sortable columns, filters and searches of views that no index serves."""
    for view in every_view(context):
        if issubclass(view, ModelAdmin) and hasattr(view, "model"):
            yield from _check(view)


def unserved(view: type[ModelAdmin]) -> Iterator[tuple[str, Unserved]]:
    """Find what no index serves, each with the name by which `unindexed` accepts it."""
    for number, name in enumerate([term_of(one)[0] for one in view.ordering][:1]):
        yield from ((name, one) for one in _order(view, name, "the default order by " if not number else ""))
    for name in sortable_names(view, view.list_display, view.sortable_by):
        yield from ((name, one) for one in _order(view, name, "the order by "))
    if view.date_hierarchy is not None:
        name = name_of(view.date_hierarchy)
        yield from ((name, one) for one in _order(view, name, "the way down by the dates of "))
    for one in view.list_filter:
        yield from _filter(view, one)
    fields = [bare(name) for name in _names(view.search_fields) if not name.startswith("@")]
    if fields and view.search_query is ModelAdmin.search_query:
        own = ", ".join(f'"{field}"' for field in fields if "." not in field)
        yield SEARCH, Unserved("its search", f"full_text({view.model.__name__}, {own})" if own else None)


def _check(view: type[ModelAdmin]) -> Iterator[CheckMessage]:
    accepted, seen = set(view.unindexed), set()
    for name, one in unserved(view):
        if name not in accepted and one not in seen:
            seen.add(one)
            yield warning(
                "admin.W005",
                f"{view.__name__}: no index serves {one.what}: a large table is read whole for it.",
                f"{one.hint} by naming {name!r} in `unindexed` of the view",
            )


def _order(view: type[ModelAdmin], name: str, what: str) -> Iterator[Unserved]:
    path = sort_path_of(view, name)
    if "." in path:
        yield Unserved(f"{what}{name}, which is another table's", None)
        return
    column = _column(view.model, path)
    if column is not None and not starts_an_index(column):
        yield Unserved(f"{what}{name}", index_for(view.model, column))


def _filter(view: type[ModelAdmin], one: object) -> Iterator[tuple[str, Unserved]]:
    try:
        made = as_filter(view.model, one)
    except ConfigurationError:  # with which no site starts
        return
    if isinstance(made, PathFilter):
        yield from ((made.path, found) for found in _filter_by_path(view, made))
        return
    relation = getattr(made, "relation", None)
    if isinstance(relation, InstrumentedAttribute):
        for step in unindexed_steps([relation]):
            yield relation.key, Unserved(f"the filter by {relation.key}", index_for(view.model, step))
        return
    attribute = getattr(made, "column", None)
    name = attribute if isinstance(attribute, str) else getattr(attribute, "key", None)
    column = None if name is None else _column(view.model, name)
    if column is not None and not starts_an_index(column):
        yield column.name, Unserved(f"the filter by {name}", index_for(view.model, column))


def _filter_by_path(view: type[ModelAdmin], one: PathFilter) -> Iterator[Unserved]:
    what, path = f"the filter by {one.path}", walk(view.model, one.path.split("."))
    for step in unindexed_steps(path.relations):
        yield Unserved(what, index_for(view.model, step))
    column = _column(one.target, path.attribute.key)
    if column is not None and not starts_an_index(column):
        yield Unserved(what, index_for(one.target, column))


def _names(columns: str | Sequence[Any]) -> list[str]:
    return [] if isinstance(columns, str) else list(map(name_of, columns))


def _column(model: type[object], name: str) -> Column[object] | None:
    mapper: Mapper[object] = inspect(model)
    found = mapper.columns.get(name)
    return found if isinstance(found, Column) else None
