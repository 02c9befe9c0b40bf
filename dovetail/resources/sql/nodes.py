"""Nodes of an answer: a tree of columns and relations, read off a model and a response schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, get_args

from pydantic import MISSING, BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import (
    MANYTOONE,
    InstrumentedAttribute,
    Mapper,
    joinedload,
    selectinload,
    undefer,
)
from sqlalchemy.orm.strategy_options import _AbstractLoad

from dovetail.errors import ConfigurationError


@dataclass(frozen=True)
class Column:
    """A field that is a column."""

    name: str
    attribute: InstrumentedAttribute[object]


@dataclass(frozen=True)
class Computed:
    """A field that is a property of the model: only Python can read it."""

    name: str


@dataclass(frozen=True)
class Derived:
    """A field that the schema computes from its others (`@computed_field`)."""

    name: str


@dataclass(frozen=True)
class Relation:
    """A field that is a nested object, or a list of them."""

    name: str
    relation: InstrumentedAttribute[object]
    node: "Node"
    is_list: bool
    is_optional: bool  # may be null in the answer
    on_demand: bool  # only with `expand=`

    @property
    def may_be_null(self) -> bool:
        """Return True if a row may have none: unless a foreign key that is never null leads to it."""
        mapped: Any = self.relation.property
        return mapped.direction is not MANYTOONE or any(column.nullable for column in mapped.local_columns)


Part: TypeAlias = Column | Computed | Derived | Relation


@dataclass(frozen=True)
class Node:
    """An object in an answer: its model, its schema and those of the schema's fields that are asked for."""

    model: type[object]
    schema: type[BaseModel]
    parts: tuple[Part, ...]

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the name of every field; those of nested objects have a dot: `author.username`."""
        for part in self.parts:
            yield prefix + part.name
            if isinstance(part, Relation):
                yield from part.node.names(f"{prefix}{part.name}.")

    def on_demand(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that `expand=` takes."""
        for part in self.parts:
            if isinstance(part, Relation):
                if part.on_demand:
                    yield prefix + part.name
                yield from part.node.on_demand(f"{prefix}{part.name}.")

    def include(self) -> dict[str, object]:
        """Return the `include` by which pydantic writes these fields (https://docs.pydantic.dev/latest/concepts/serialization/)."""
        return {part.name: _include(part) for part in self.parts}


def build(model: type[object], schema: type[BaseModel], above: tuple[type[BaseModel], ...] = ()) -> Node:
    """Return the tree of `schema` over `model`; `above` are the schemas that it is nested in.

    Raises ConfigurationError for a field that the model does not have, and for a schema that is nested in itself.
    """
    if schema in above:
        raise ConfigurationError(
            f"{above[-1].__name__} leads back to {schema.__name__}, and no answer ends then; give what is nested a "
            "schema of its own, without the field that leads back"
        )
    above = (*above, schema)
    parts = (_part(model, schema, name, info, above) for name, info in schema.model_fields.items())
    return Node(model, schema, (*parts, *map(Derived, schema.model_computed_fields)))


def select_fields(node: Node, wanted: frozenset[str], expand: frozenset[str], hidden: frozenset[str]) -> Node:
    """Return `node` without what is hidden, not expanded or, if `wanted` names any, not wanted.

    A name stands for all below it; `author.username` keeps only that of the author.
    """
    return _selected(node, "", wanted, expand, hidden)


def loader_options(node: Node, related: Mapping[str, ColumnElement[bool]], prefix: str = "") -> list[_AbstractLoad]:
    """Return what loads deferred columns, single objects by a join, and lists by one more statement each."""
    options: list[_AbstractLoad] = []
    for part in node.parts:
        if isinstance(part, Relation):
            visible = related.get(prefix + part.name)
            relation = part.relation if visible is None else part.relation.and_(visible)
            load = (selectinload if part.is_list else joinedload)(relation)
            options.append(load.options(*loader_options(part.node, related, f"{prefix}{part.name}.")))
        elif isinstance(part, Column) and part.attribute.property.deferred:
            options.append(undefer(part.attribute))
    return options


class View:
    """A row as pydantic sees it: it has the fields of a node, and nothing that was not loaded."""

    def __init__(self, item: object, node: Node) -> None:
        self._item = item
        self._parts = {part.name: part for part in node.parts}

    def __getattr__(self, name: str) -> Any:
        part = self._parts.get(name)
        if part is None:
            raise AttributeError(name)
        value = getattr(self._item, name)
        if not isinstance(part, Relation) or value is None:
            return value
        return [View(one, part.node) for one in value] if part.is_list else View(value, part.node)


def _part(
    model: type[object], schema: type[BaseModel], name: str, info: FieldInfo, above: tuple[type[BaseModel], ...]
) -> Part:
    mapper: Mapper[object] = inspect(model)
    if name in mapper.relationships:
        return _relation(model, schema, name, info, above)
    if name in mapper.column_attrs:
        return Column(name, getattr(model, name))
    if hasattr(model, name):
        return Computed(name)
    known = sorted([*mapper.column_attrs.keys(), *mapper.relationships.keys()])
    raise ConfigurationError(
        f"{schema.__name__}.{name} is not a column, a relation or a property of {model.__name__}, "
        f"expected one of {', '.join(known)}"
    )


def _relation(
    model: type[object], schema: type[BaseModel], name: str, info: FieldInfo, above: tuple[type[BaseModel], ...]
) -> Relation:
    nested = [part for part in _flat(info.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
    if len(nested) != 1:
        raise ConfigurationError(
            f"{schema.__name__}.{name} is a relation of {model.__name__}, expected its type to name one schema"
        )
    relation = inspect(model).relationships[name]
    return Relation(
        name=name,
        relation=getattr(model, name),
        node=build(relation.mapper.class_, nested[0], above),
        is_list=bool(relation.uselist),
        is_optional=type(None) in _flat(info.annotation),
        on_demand=info.default is MISSING,
    )


def _flat(annotation: object) -> list[object]:
    return [annotation, *(found for argument in get_args(annotation) for found in _flat(argument))]


def _selected(node: Node, prefix: str, wanted: frozenset[str], expand: frozenset[str], hidden: frozenset[str]) -> Node:
    kept: list[Part] = []
    for part in node.parts:
        name = prefix + part.name
        below = {one for one in wanted if one.startswith(f"{name}.")}
        if name in hidden or (wanted and name not in wanted and not below):
            continue
        if not isinstance(part, Relation):
            kept.append(part)
        elif not part.on_demand or any(one == name or one.startswith(f"{name}.") for one in expand):
            rest = frozenset() if name in wanted else frozenset(below)
            kept.append(replace(part, node=_selected(part.node, f"{name}.", rest, expand, hidden)))
    return replace(node, parts=tuple(kept))


def _include(part: Part) -> object:
    if not isinstance(part, Relation):
        return True
    return {"__all__": part.node.include()} if part.is_list else part.node.include()
