"""What of a list no index serves: a check names it while the table is small, before a million rows do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from dovetail.database.search.indexes import (
    Unserved,
    index_for,
    starts_a_lowered_index,
    starts_an_index,
    unindexed_steps,
)
from dovetail.resources.query.filters import FilterParameter
from dovetail.resources.query.paths import Path
from dovetail.resources.query.search import FullTextSearch

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource

INSIDE = ("contains", "icontains", "startswith")  # no index of both databases knows what stands inside a text


def listed_resources(app: FastAPI) -> Iterator["Resource"]:
    """The resources of which the site has a list, each once."""
    found: dict[int, Resource] = {}
    for route in iter_route_contexts(app.routes):
        resource = getattr(getattr(route, "endpoint", None), "lists", None)
        if resource is not None:
            found.setdefault(id(resource), resource)
    return iter(found.values())


def unserved(resource: "Resource") -> Iterator[Unserved]:
    """Every order, filter and search of a list that no index serves, but for what the resource accepts."""
    for name, term in resource.grammar.terms.items():
        if name not in resource.unindexed and isinstance(term.path, Path):
            yield from _order(resource, name, term.path)
    for name, parameter in resource.grammar.filters.items():
        if name not in resource.unindexed:
            yield from _filter(resource, name, parameter)
    search = resource.reader.search
    if search.paths and not isinstance(search, FullTextSearch) and "search" not in resource.unindexed:
        own = ", ".join(f'"{path.name}"' for path in search.paths if not path.relations)
        index = f"FullText({own}).index({resource.model.__name__})" if own else None
        yield Unserved("its search", index)


def _order(resource: "Resource", name: str, path: Path) -> Iterator[Unserved]:
    column = _column(path)
    if path.relations:
        yield Unserved(f"the order by {name}, which is another table's", None)
    elif not starts_an_index(column):
        default = name == resource.default_ordering.split(",")[0].strip().removeprefix("-")
        yield Unserved(f"the {'default ' * default}order by {name}", index_for(resource.model, column))


def _filter(resource: "Resource", name: str, parameter: FilterParameter) -> Iterator[Unserved]:
    column = _column(parameter.path)
    what = f"the filter {name}"
    if parameter.lookup_name in INSIDE:
        yield Unserved(what, None)
    elif parameter.lookup_name == "iexact":
        if not starts_a_lowered_index(column):
            yield Unserved(what, index_for(resource.model, column, "func.lower({})"))
    elif not starts_an_index(column):
        yield Unserved(what, index_for(resource.model, column))
    for step in unindexed_steps(parameter.path.relations):
        yield Unserved(what, index_for(resource.model, step))


def _column(path: Path) -> Any:
    return path.attribute.property.columns[0]
