"""Fields of bodies for columns that need a value: they refuse null, and are required if nothing else sets them."""

import dataclasses
import inspect as python
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import (
    MISSING,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WrapSerializer,
    WrapValidator,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper

from dovetail.database.drivers.sqlalchemy_private import own_init
from dovetail.resources.schemas.nested_models import is_made

Body = TypeVar("Body", bound=BaseModel)
NOTHING = (type(None), MISSING)
BY_PYTHON = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator, PlainSerializer, WrapSerializer)


def with_values(
    schema: type[Body], model: type[object], given: Collection[str], *, is_new: bool, is_whole: bool
) -> type[Body]:
    """Return the schema without null where the column has none, so that it is told of the field, and documented.

    In a body that makes a row (`is_new`) null may stand for what a default gives, and the resource for the attributes
    that are `given`. What nothing gives cannot be left out of it then, nor of one that replaces a row (`is_whole`).
    What Python of the schema may fill stays as it is.
    """
    if has_python(schema):
        return schema
    fields = dict(_needed(schema, model, given, is_new=is_new, is_whole=is_whole))
    if not fields:
        return schema
    kept = {"__module__": schema.__module__, "__doc__": schema.__doc__}
    made: type[Body] = create_model(schema.__name__, __base__=schema, **kept, **fields)  # type: ignore[call-overload]  # the names of fields are known at run time
    return made


def has_python(schema: type[BaseModel]) -> bool:
    """Return True if what a schema gives may be other than what its fields say."""
    found = schema.__pydantic_decorators__
    named = ("__init__", "model_post_init", "model_dump")
    return bool(
        found.model_validators
        or found.root_validators
        or found.model_serializers
        or schema.model_config.get("extra") == "allow"
        or any(getattr(schema, name) is not getattr(BaseModel, name) for name in named)
    )


@cache
def required_columns(mapper: Mapper[object]) -> Mapping[str, Column[object]]:
    """Return the columns of all tables of a model that are never null and whose value nothing makes.

    They are by attribute, and by the name of the column where that has no attribute.
    """
    names = attributes_by_column(mapper)
    given: set[object] = {mapper.polymorphic_on, mapper.version_id_col}
    for attribute in mapper.column_attrs:
        given.update(attribute.columns[:-1])  # keys of heirs, which are those of the base
    for heir in mapper.iterate_to_root():
        if heir.inherits is not None and heir.local_table is not heir.inherits.local_table:
            given.update(heir.local_table.primary_key)  # whatever an heir calls its key
    columns = (one for table in mapper.tables for one in table.columns if isinstance(one, Column))
    return {names.get(one, one.name): one for one in columns if not (one in given or one.nullable or is_made(one))}


def attributes_by_column(mapper: Mapper[object]) -> dict[object, str]:
    """Return the name of the attribute of each mapped column."""
    return {column: one.key for one in mapper.column_attrs for column in one.columns}


def defaults_of_dataclass(model: type[object]) -> Iterator[str]:
    """Yield the attributes of a dataclass for which its `__init__` has a value, where none is given."""
    for one in dataclasses.fields(model) if dataclasses.is_dataclass(model) else ():
        if one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING:
            yield one.name


def parameters_of_init(mapper: Mapper[object]) -> Sequence[python.Parameter]:
    """Return the parameters of a model's `__init__`; SQLAlchemy's takes `**kwargs`."""
    return list(python.signature(own_init(mapper)).parameters.values())[1:]


@cache
def asked_by_init(mapper: Mapper[object]) -> frozenset[str]:
    """Return the names of the arguments without which a model's `__init__` raises TypeError."""
    several = python.Parameter.VAR_POSITIONAL, python.Parameter.VAR_KEYWORD
    parameters = parameters_of_init(mapper)
    return frozenset(one.name for one in parameters if one.default is one.empty and one.kind not in several)


def always_given(schema: type[BaseModel]) -> frozenset[str]:
    """Return the fields of a schema that have a value whatever a client leaves out."""
    fields = schema.model_fields.items()
    found = {name for name, info in fields if info.is_required() or not _is_nothing(info.get_default())}
    return frozenset(found | schema.model_computed_fields.keys())


def _needed(
    schema: type[BaseModel], model: type[object], given: Collection[str], *, is_new: bool, is_whole: bool
) -> Iterator[tuple[str, tuple[object, FieldInfo]]]:
    mapper: Mapper[object] = inspect(model)
    columns = {one.key: one.columns[0] for one in mapper.column_attrs}
    by_dataclass = set(defaults_of_dataclass(model))
    for name, info in schema.model_fields.items():
        column = columns.get(name)
        if not isinstance(column, Column) or column.nullable or _is_by_python(schema, name, info):
            continue
        wants = name in required_columns(mapper) and name not in given and not (is_new and name in by_dataclass)
        if is_new and not wants:  # null stands for the default
            continue
        is_required = wants and (is_new or is_whole) and _is_nothing(info.get_default())
        kind = _without(info.annotation, NOTHING if is_required else NOTHING[:1])
        if kind is not info.annotation or (is_required and not info.is_required()):
            needed = copy(info)
            if is_required:
                needed.default = PydanticUndefined
            yield name, (kind, needed)


def _is_by_python(schema: type[BaseModel], name: str, info: FieldInfo) -> bool:
    """Return True for a field that validators may fill."""
    found = schema.__pydantic_decorators__
    fields = [one.info.fields for one in found.field_validators.values()]
    fields += [one.info.fields for one in found.validators.values()]
    fields += [one.info.fields for one in found.field_serializers.values()]
    return any({name, "*"} & set(one) for one in fields) or any(isinstance(one, BY_PYTHON) for one in info.metadata)


def _is_nothing(default: object) -> bool:
    return default is None or default is MISSING


def _without(annotation: object, nothing: tuple[object, ...]) -> object:
    """Return the annotation without what stands for no value; the very same one if it has nothing of it."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        found = _without(inner, nothing)
        return annotation if found is inner else Annotated[found, *more]
    if get_origin(annotation) not in {Union, UnionType}:
        return annotation
    parts = get_args(annotation)
    kept = [_without(part, nothing) for part in parts if not any(part is one for one in nothing)]
    if len(kept) == len(parts) and all(one is part for one, part in zip(kept, parts, strict=True)):
        return annotation
    return reduce(or_, kept) if kept else annotation
