"""The check of lists, which `manage.py check` runs: it finds orders, filters and searches without an index."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement

from dovetail.database.search.indexes import (
    Unserved,
    begins_with_lower,
    index_for,
    starts_an_index,
    unindexed_steps,
)
from dovetail.resources.query.filters import FilterParameter
from dovetail.resources.query.paths import Path
from dovetail.resources.query.search import FullTextSearch
from dovetail.resources.spec import Spec

INSIDE = ("contains", "icontains", "startswith")  # lookups that no index serves on both databases


def unserved(spec: Spec) -> Iterator[Unserved]:
    """Yield each order, filter and search of a list without an index, unless `unindexed` names it."""
    for name, term in spec.grammar.terms.items():
        if name not in spec.unindexed and isinstance(term.path, Path):
            yield from _order(spec, name, term.path)
    for name, parameter in spec.grammar.filters.items():
        if name not in spec.unindexed:
            yield from _filter(spec, name, parameter)
    search = spec.reader.search
    if search.paths and not isinstance(search, FullTextSearch) and "search" not in spec.unindexed:
        own = ", ".join(f'"{path.name}"' for path in search.paths if not path.relations)
        index = f"full_text({spec.model.__name__}, {own})" if own else None
        yield Unserved("its search", index)


def _order(spec: Spec, name: str, path: Path) -> Iterator[Unserved]:
    column = _column(path)
    if path.relations:
        yield Unserved(f"the order by {name}, which is another table's", None)
    elif not starts_an_index(column):
        default = name == spec.default_ordering.split(",")[0].strip().removeprefix("-")
        yield Unserved(f"the {'default ' * default}order by {name}", index_for(spec.model, column))


def _filter(spec: Spec, name: str, parameter: FilterParameter) -> Iterator[Unserved]:
    column = _column(parameter.path)
    what = f"the filter {name}"
    if parameter.lookup_name in INSIDE:
        yield Unserved(what, None)
    elif parameter.lookup_name == "iexact":
        if not begins_with_lower(column):
            yield Unserved(what, index_for(spec.model, column, "func.lower({})"))
    elif not starts_an_index(column, has_value=parameter.lookup_name != "isnull"):
        yield Unserved(what, index_for(spec.model, column))
    for step in unindexed_steps(parameter.path.relations):
        yield Unserved(what, index_for(spec.model, step))


def _column(path: Path) -> ColumnElement[object]:
    """Return the column at the end of a path, or the expression that is mapped in its place."""
    columns: Sequence[ColumnElement[object]] = getattr(getattr(path.attribute, "property", None), "columns", ())
    return columns[0] if columns else path.attribute.__clause_element__()
