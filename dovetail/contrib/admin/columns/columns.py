"""Resolve the entries of `list_display`: attributes of the model, methods of view or model, functions, `__str__`."""

import inspect as python_inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.columns.attributes import Attribute, Kind, find, has_order, name_of
from dovetail.contrib.admin.columns.code_names import DYNAMIC, names_in_code, names_in_text_of
from dovetail.contrib.admin.columns.display import Display, display_of

TITLE = "__str__"  # the column for the title of an object
PLAIN = Display()
STORED = frozenset({Kind.COLUMN, Kind.EXPRESSION, Kind.RELATION, Kind.COMPOSITE, Kind.PROXY})
DEEPEST = 3  # the maximum length of paths that are found in the code of a computed column


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a list, a page or an export; `name` is used in URLs and `labels`."""

    name: str
    compute: Callable[..., object] | None = None  # computes the value; None for the attribute at the end of a path
    is_of_view: bool = False  # whether its first argument is the view
    shown_as: Display = PLAIN
    reads: frozenset[str] = frozenset()  # the names in its code
    needs: tuple[str, ...] = ()  # the attributes among them, as paths, which are loaded with it

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths to load."""
        return self.needs if self.compute is not None else (self.name, *self.needs)


def column_for(view: type[object], model: type[object], one: object) -> Column | None:
    """Return the column of an entry of `list_display`; None if neither the model nor the view has the name.

    Columns and relations of the model come first, then methods of the view, then other attributes of the model.
    """
    name = name_of(one)
    if name == TITLE:
        return Column(name=name, reads=names_in_code(model, [getattr(model, TITLE)]))
    found = find(model, name)
    if found is not None and found.kind in STORED:
        return Column(name=name)
    if not isinstance(one, str) and callable(one):
        return _computed(model, name, one)
    method = _own_method(view, name)
    if method is not None:
        return _computed(model, name, method, is_of_view=not isinstance(method, staticmethod))
    return None if found is None else _of_python(name, found)


def sort_path(column: Column, model: type[object]) -> str | None:
    """Return the path by which a column is sorted by default; None if it is not sortable."""
    if column.shown_as.ordering is not None:
        return column.shown_as.ordering
    found = find(model, column.name) if column.compute is None else None
    return column.name if found is not None and has_order(found) else None


def is_asynchronous(column: Column) -> bool:
    """Return True if the function of a computed column is asynchronous."""
    return python_inspect.iscoroutinefunction(column.compute)


def takes(column: Column) -> bool:
    """Return True if the function of a computed column can be called with an object as its only argument."""
    if column.compute is None:
        return True
    try:
        python_inspect.signature(column.compute).bind(*([None] * (2 if column.is_of_view else 1)))
    except (TypeError, ValueError):
        return False
    return True


def paths_read(model: type[object], names: frozenset[str]) -> tuple[str, ...]:
    """Return the columns and relations of a model, as paths, that code with these `names` may read."""
    return tuple(_paths(inspect(model), names, DEEPEST, ()))


def paths_of_title(model: type[object]) -> tuple[str, ...]:
    """Return the columns and relations, as paths, that the `__str__` of a model may read.

    Of code that reads attributes by computed names, these are its columns and relations to one object.
    """
    return _paths_of_names(inspect(model), names_in_text_of(model))


@lru_cache(maxsize=1024)  # cached, since each page needs it for all models that it shows
def _paths_of_names(mapper: Mapper[object], names: frozenset[str]) -> tuple[str, ...]:
    if names.isdisjoint(DYNAMIC):
        return paths_read(mapper.class_, names)
    return (*mapper.column_attrs.keys(), *(one.key for one in mapper.relationships if not one.uselist))


def _own_method(view: type[object], name: str) -> "Callable[..., object] | staticmethod[..., object] | None":
    """Return a method that the author of the view has defined, not one of the framework."""
    for cls in view.__mro__:
        if cls.__module__.startswith(("dovetail.contrib.admin.", "sqladmin.")):
            continue
        found = vars(cls).get(name)
        if isinstance(found, staticmethod) or (callable(found) and not isinstance(found, type)):
            return found
    return None


def _of_python(name: str, found: Attribute) -> Column | None:
    """Return the column of a method or a property of a model, which is not available in SQL."""
    computed = _computed(found.owner, name, python_inspect.getattr_static(found.owner, found.name, None))
    if found.kind is Kind.METHOD:
        return None if "." in name else computed
    prefix = name.rpartition(".")[0]
    needs = tuple(f"{prefix}.{path}" if prefix else path for path in computed.needs)
    return Column(name=name, shown_as=computed.shown_as, reads=computed.reads, needs=needs)


def _computed(model: type[object], name: str, function: object, *, is_of_view: bool = False) -> Column:
    reads = names_in_code(model, [function])
    compute = cast("Callable[..., object]", function.__func__ if isinstance(function, staticmethod) else function)
    return Column(
        name=name,
        compute=compute,
        is_of_view=is_of_view,
        shown_as=display_of(compute),
        reads=reads,
        needs=paths_read(model, reads),
    )


def _paths(mapper: Mapper[object], names: frozenset[str], depth: int, way: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths from a model that code with these `names` may follow."""
    yield from (".".join((*way, name)) for name in sorted(names.intersection(_loadable(mapper))))
    if depth == 0:
        return
    for name in sorted(names.intersection(mapper.relationships.keys())):
        if name not in way:
            yield from _paths(mapper.relationships[name].mapper, names, depth - 1, (*way, name))


def _loadable(mapper: Mapper[object]) -> Iterable[str]:
    return [*mapper.column_attrs.keys(), *mapper.relationships.keys()]
