"""Fields of bodies that are objects of their own: the schema within a field, and others in its place.

class OrderCreate(Schema):
    lines: Annotated[list[LineCreate], Field(max_length=100)] = []
"""

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, create_model

Body = TypeVar("Body", bound=BaseModel)
Replace: TypeAlias = Callable[[type[BaseModel]], type[BaseModel]]


def behind(names: Collection[str], name: str) -> tuple[str, ...]:
    """Return what stands behind the dot of a relation: `items` of `crates.items`."""
    return tuple(one.removeprefix(f"{name}.") for one in names if one.startswith(f"{name}."))


def item_schema(schema: type[BaseModel], field: str) -> type[BaseModel] | None:
    """Return the schema of the object, or of those in the list, that a field holds; None if it holds no such thing."""
    info = schema.model_fields.get(field)
    return None if info is None else _schema_in(info.annotation)


def is_list(schema: type[BaseModel], field: str) -> bool:
    """Return True if a field holds several objects."""
    return _holds_list(schema.model_fields[field].annotation)


def with_items(schema: type[Body], made: Mapping[str, Replace]) -> type[Body]:
    """Return the schema with what the functions make of the schemas within its fields; itself if that is the same."""
    fields: dict[str, object] = {}
    for name, make in made.items():
        if name in schema.model_fields:
            info = schema.model_fields[name]
            found = _replaced(info.annotation, make)
            if found is not info.annotation:
                fields[name] = (found, info)
    if not fields:
        return schema
    kept = {"__module__": schema.__module__, "__doc__": schema.__doc__}
    return cast("type[Body]", create_model(schema.__name__, __base__=schema, **kept, **fields))  # type: ignore[call-overload]  # the names of fields are known at run time


def _schema_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    parts = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return next((found for part in parts if (found := _schema_in(part)) is not None), None)


def _holds_list(annotation: object) -> bool:
    return get_origin(annotation) is list or any(
        _holds_list(part) for part in get_args(annotation) if get_origin(annotation) in {Annotated, Union, UnionType}
    )


def _replaced(annotation: object, make: Replace) -> object:
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return make(annotation) if issubclass(annotation, BaseModel) else annotation
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        inner = _replaced(parts[0], make)
        return annotation if inner is parts[0] else Annotated[inner, *parts[1:]]
    found = [_replaced(part, make) for part in parts]
    if all(one is part for one, part in zip(found, parts, strict=True)):
        return annotation
    if get_origin(annotation) in {Union, UnionType}:
        return reduce(or_, found)
    return list.__class_getitem__(found[0]) if get_origin(annotation) is list else annotation
