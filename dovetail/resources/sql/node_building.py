"""Build the tree of a response from a model and a response schema; refuse fields without a source."""

from collections.abc import Iterator
from typing import get_args

from pydantic import MISSING, BaseModel, create_model
from pydantic.fields import FieldInfo
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.errors import ConfigurationError
from dovetail.resources.query.paths import Path, resolve
from dovetail.resources.schemas.sources import From
from dovetail.resources.sql.nodes import (
    Column,
    Computed,
    Derived,
    Expression,
    Node,
    Part,
    Relation,
    may_lead_to_none,
)

Above = tuple[type[BaseModel], ...]


def build(model: type[object], schema: type[BaseModel], above: Above = ()) -> Node:
    """Return the tree of `schema` over `model`; `above` are the schemas that contain it.

    Raise ConfigurationError for a field that the model does not have, and for a schema that contains itself.
    """
    if schema in above:
        raise ConfigurationError(
            f"{above[-1].__name__} leads back to {schema.__name__}, and no answer ends then; give what is nested a "
            "schema of its own, without the field that leads back"
        )
    above = (*above, schema)
    parts = (_part(model, schema, name, info, above) for name, info in schema.model_fields.items())
    derived = (Derived(name, info.alias or name, name) for name, info in schema.model_computed_fields.items())
    return Node(model, schema, (*parts, *derived))


def is_nullable(node: Node, name: str) -> bool:
    """Return True if a field of the schema may be null."""
    return type(None) in _flat(node.schema.model_fields[name].annotation)


def required_objects(node: Node, prefix: str = "") -> Iterator[tuple[str, str, type[object]]]:
    """Yield the single objects that a schema requires: the path, the schema's field, and the model."""
    for part in node.parts:
        if isinstance(part, Relation):
            if not (part.is_list or part.is_optional):
                yield prefix + part.key, f"{node.schema.__name__}.{part.name}", part.node.model
            yield from required_objects(part.node, f"{prefix}{part.key}.")
        elif isinstance(part, Column) and part.relations and not is_nullable(node, part.name):
            path = prefix
            for relation in part.relations:
                path += relation.key
                yield path, f"{node.schema.__name__}.{part.name}", relation.property.mapper.class_
                path += "."


def _part(model: type[object], schema: type[BaseModel], name: str, info: FieldInfo, above: Above) -> Part:
    alias = info.serialization_alias or info.alias or name
    source = next((one.source for one in info.metadata if isinstance(one, From)), name)
    if not isinstance(source, str):
        return Expression(name, alias, source)
    if "__" in source:
        return _flattened(schema, name, info, resolve(model, source))
    mapper: Mapper[object] = inspect(model)
    if source in mapper.relationships:
        return _relation(model, schema, name, info, above, source)
    if source in mapper.column_attrs:
        return Column(name, alias, getattr(model, source))
    if hasattr(model, source) and source == name:
        return Computed(name, alias, name)
    known = sorted([*mapper.column_attrs.keys(), *mapper.relationships.keys()])
    raise ConfigurationError(
        f"{schema.__name__}.{name} is not a column, a relation or a property of {model.__name__}, "
        f"expected one of {', '.join(known)}"
    )


def _relation(  # noqa: PLR0917 - as `_part` has them
    model: type[object], schema: type[BaseModel], name: str, info: FieldInfo, above: Above, key: str
) -> Relation:
    nested = [part for part in _flat(info.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
    if len(nested) != 1:
        raise ConfigurationError(
            f"{schema.__name__}.{name} is a relation of {model.__name__}, expected its type to name one schema"
        )
    relation = inspect(model).relationships[key]
    return Relation(
        name=name,
        alias=info.serialization_alias or info.alias or name,
        relation=getattr(model, key),
        node=build(relation.mapper.class_, nested[0], above),
        is_list=bool(relation.uselist),
        is_optional=type(None) in _flat(info.annotation),
        on_demand=info.default is MISSING,
    )


def _flattened(schema: type[BaseModel], name: str, info: FieldInfo, path: Path) -> Column | Relation:
    """Return the part for a field with a path such as `author__username`: a column, or a flat list of values."""
    alias = info.serialization_alias or info.alias or name
    several = [relation for relation in path.relations if relation.property.uselist]
    if not several:
        if any(map(may_lead_to_none, path.relations)) and type(None) not in _flat(info.annotation):
            raise ConfigurationError(
                f"{schema.__name__}.{name}: {path.name!r} may lead nowhere, so it has to allow null"
            )
        return Column(name, alias, path.attribute, path.relations)
    if len(path.relations) > 1:
        raise ConfigurationError(
            f"{schema.__name__}.{name}: {path.name!r} leads over {len(path.relations)} relations to several rows, "
            "expected one relation in front of the column"
        )
    items = [get_args(one)[0] for one in _flat(info.annotation) if getattr(one, "__origin__", None) is list]
    if len(items) != 1:
        raise ConfigurationError(f"{schema.__name__}.{name}: {path.name!r} leads to several rows, expected a list")
    fields = {path.attribute.key: (items[0], ...)}
    made: type[BaseModel] = create_model(f"{schema.__name__}_{name}", **fields)  # type: ignore[call-overload]  # known at run time only
    column = Column(path.attribute.key, path.attribute.key, path.attribute)
    target = path.relations[0].property.mapper.class_
    return Relation(name, alias, path.relations[0], Node(target, made, (column,)), True, False, False, is_flat=True)  # noqa: FBT003 - a list, never null, always there


def _flat(annotation: object) -> list[object]:
    return [annotation, *(found for argument in get_args(annotation) for found in _flat(argument))]
