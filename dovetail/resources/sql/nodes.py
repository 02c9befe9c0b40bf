"""The tree of a response: nodes with columns and relations, which `node_building.py` builds.

A part has three names: the schema's field (`name`), the name in JSON (`alias`), and the model's attribute (`path`),
which policies use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from pydantic import BaseModel
from sqlalchemy import ARRAY, ColumnElement, inspect
from sqlalchemy.orm import MANYTOONE, InstrumentedAttribute, joinedload, selectinload, undefer
from sqlalchemy.orm.strategy_options import _AbstractLoad

from dovetail.resources.schemas.sources import Build
from dovetail.resources.schemas.values.text_forms import TextForm, text_form

Attribute: TypeAlias = InstrumentedAttribute[object]


@dataclass(frozen=True)
class Column:
    """A field that is a column: of the row itself, or of the single row that `relations` lead to."""

    name: str
    alias: str
    attribute: Attribute
    relations: tuple[Attribute, ...] = ()

    @property
    def path(self) -> str:
        """The name that policies use: `author.username`."""
        return ".".join(one.key for one in (*self.relations, self.attribute))

    @cached_property
    def form(self) -> TextForm | None:
        """The text form of the column's values, or of an array's items."""
        kind = self.attribute.property.columns[0].type
        return text_form(kind.item_type if isinstance(kind, ARRAY) else kind)


@dataclass(frozen=True)
class Computed:
    """A field that is a property of the model: only Python can read it."""

    name: str
    alias: str
    path: str


@dataclass(frozen=True)
class Derived:
    """A field that the schema computes from its others (`@computed_field`)."""

    name: str
    alias: str
    path: str


@dataclass(frozen=True)
class Expression:
    """A field that is an SQL expression, which the function `build` makes for the viewer."""

    name: str
    alias: str
    build: Build

    @property
    def path(self) -> str:
        """The name that policies use: the field's own."""
        return self.name


@dataclass(frozen=True)
class Relation:
    """A field that is a nested object or a list of them; a flat list holds the values of a single column."""

    name: str
    alias: str
    relation: Attribute
    node: "Node"
    is_list: bool
    is_optional: bool  # may be null in the response
    on_demand: bool  # only with `expand=`
    is_flat: bool = False

    @property
    def key(self) -> str:
        """The name of the relation."""
        return str(self.relation.key)

    @property
    def path(self) -> str:
        """The name that policies use: the relation, or the column of a flat list."""
        return f"{self.key}.{self.node.parts[0].path}" if self.is_flat else self.key

    @property
    def may_be_null(self) -> bool:
        """Return True if a row may have no related row."""
        return may_lead_to_none(self.relation)


Part: TypeAlias = Column | Computed | Derived | Expression | Relation


@dataclass(frozen=True)
class Node:
    """An object in a response: its model, its schema and the requested fields of the schema."""

    model: type[object]
    schema: type[BaseModel]
    parts: tuple[Part, ...]

    def names(self) -> Iterator[str]:
        """Yield the JSON name of every field; those of nested objects have a dot: `author.username`."""
        yield from (name for name, _ in self.paths())

    def paths(self, prefix: str = "", place: str = "") -> Iterator[tuple[str, str]]:
        """Yield for every field its JSON name and the name that policies use."""
        for part in self.parts:
            yield prefix + part.alias, place + part.path
            if isinstance(part, Relation) and not part.is_flat:
                yield from part.node.paths(f"{prefix}{part.alias}.", f"{place}{part.key}.")

    def on_demand(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that `expand=` takes."""
        for part in self.parts:
            if isinstance(part, Relation):
                if part.on_demand:
                    yield prefix + part.alias
                yield from part.node.on_demand(f"{prefix}{part.alias}.")

    def expressions(self) -> Iterator[Build]:
        """Yield the `build` functions of the expressions, in the order of the fields."""
        for part in self.parts:
            if isinstance(part, Expression):
                yield part.build
            elif isinstance(part, Relation):
                yield from part.node.expressions()

    def include(self) -> dict[str, object]:
        """Return pydantic's `include` for these fields (https://docs.pydantic.dev/latest/concepts/serialization/)."""
        return {part.name: _include(part) for part in self.parts}


def may_lead_to_none(relation: Attribute) -> bool:
    """Return True if a relation may lead to no row: it always leads to one only over a NOT NULL foreign key."""
    mapped: Any = relation.property
    return mapped.direction is not MANYTOONE or any(column.nullable for column in mapped.local_columns)


def select_fields(node: Node, wanted: frozenset[str], expand: frozenset[str], hidden: frozenset[str]) -> Node:
    """Return `node` without the fields that are hidden, not expanded, or not in `wanted` (unless that is empty).

    The name of a nested object stands for all its fields; `author.username` keeps only that field of the author.
    """
    return _selected(node, ("", ""), wanted, expand, hidden)


def loader_options(node: Node, related: Mapping[str, ColumnElement[bool]], prefix: str = "") -> list[_AbstractLoad]:
    """Return the options that load deferred columns, single objects by a join, and lists by one statement each."""
    options: list[_AbstractLoad] = []
    for part in node.parts:
        if isinstance(part, Relation):
            load = (selectinload if part.is_list else joinedload)(_seen(part.relation, related, prefix))
            options.append(load.options(*loader_options(part.node, related, f"{prefix}{part.key}.")))
        elif isinstance(part, Column):
            options += _column_options(part.attribute, part.relations, related, prefix)
    return options


class View:
    """A row as pydantic sees it: it has the fields of a node and no others, so that nothing is lazily loaded.

    `computed` holds the values of expressions, by function and then by primary key.
    """

    def __init__(self, item: object, node: Node, computed: Mapping[Build, Mapping[object, object]]) -> None:
        self._item = item
        self._parts = {part.name: part for part in node.parts}
        self._computed = computed

    def __getattr__(self, name: str) -> Any:
        part = self._parts.get(name)
        if part is None:
            raise AttributeError(name)
        if isinstance(part, Expression):
            return self._computed[part.build][inspect(self._item, raiseerr=True).identity]
        if isinstance(part, Column):
            return _value(self._item, part)
        if not isinstance(part, Relation):
            return getattr(self._item, name)
        value = getattr(self._item, part.key)
        if part.is_flat:
            (column,) = part.node.parts
            return [getattr(one, column.path) for one in value]
        if value is None:
            return value
        views = [View(one, part.node, self._computed) for one in (value if part.is_list else [value])]
        return views if part.is_list else views[0]


def _value(item: object, part: Column) -> object:
    for relation in part.relations:
        item = getattr(item, relation.key)
        if item is None:
            return None
    value = getattr(item, part.attribute.key)
    return value if part.form is None else _written(part.form, value)


def _written(form: TextForm, value: object) -> object:
    """Return a value, or each item of an array, in the text form that JSON uses."""
    if isinstance(value, list):
        return [_written(form, one) for one in value]
    return None if value is None else form.write(value)


def _seen(relation: Attribute, related: Mapping[str, ColumnElement[bool]], prefix: str) -> Attribute:
    visible = related.get(prefix + relation.key)
    return relation if visible is None else relation.and_(visible)  # type: ignore[return-value]  # of the same kind


def _column_options(
    attribute: Attribute,
    relations: tuple[Attribute, ...],
    related: Mapping[str, ColumnElement[bool]],
    prefix: str,
) -> list[_AbstractLoad]:
    if relations:
        first, *rest = relations
        below = _column_options(attribute, tuple(rest), related, f"{prefix}{first.key}.")
        return [joinedload(_seen(first, related, prefix)).options(*below)]
    return [undefer(attribute)] if attribute.property.deferred else []


def _selected(
    node: Node, prefixes: tuple[str, str], wanted: frozenset[str], expand: frozenset[str], hidden: frozenset[str]
) -> Node:
    """Do as `select_fields` does; `prefixes` come before JSON names and before the names that policies use."""
    kept: list[Part] = []
    for part in node.parts:
        name, place = prefixes[0] + part.alias, prefixes[1] + part.path
        below = {one for one in wanted if one.startswith(f"{name}.")}
        is_hidden = any(place == one or place.startswith(f"{one}.") for one in hidden)
        if is_hidden or (wanted and name not in wanted and not below):
            continue
        if not isinstance(part, Relation) or part.is_flat:
            kept.append(part)
        elif not part.on_demand or any(one == name or one.startswith(f"{name}.") for one in expand):
            rest = frozenset() if name in wanted else frozenset(below)
            inner = (f"{name}.", f"{prefixes[1]}{part.key}.")
            kept.append(replace(part, node=_selected(part.node, inner, rest, expand, hidden)))
    return replace(node, parts=tuple(kept))


def _include(part: Part) -> object:
    if not isinstance(part, Relation) or part.is_flat:
        return True
    return {"__all__": part.node.include()} if part.is_list else part.node.include()
