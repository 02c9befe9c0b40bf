"""Schemas of bodies that hold rows of relations, made of what `fields` has behind the dots of these.

Resource(model=Order, fields=("number", "lines.id", "lines.amount"), nested=("lines",))
"""

from collections.abc import Collection, Sequence
from functools import cache, partial
from typing import Annotated, cast

from pydantic import MISSING, BaseModel, Field, create_model
from sqlalchemy import Column, Integer, inspect
from sqlalchemy.orm import MANYTOONE, RelationshipProperty

from dovetail.api.schemas import BodyId
from dovetail.errors import ConfigurationError
from dovetail.resources.schemas.column_limits import within_columns
from dovetail.resources.schemas.column_types import sent_type
from dovetail.resources.schemas.model_schemas import ModelSchemas, model_schemas
from dovetail.resources.schemas.nested_fields import behind, with_items

MOST = 100  # objects in a list


def with_nested(  # noqa: PLR0917 - as a resource has them
    made: ModelSchemas,
    model: type[object],
    fields: Sequence[str],
    read_only: Collection[str],
    nested: Collection[str],
    title: str,
) -> ModelSchemas:
    """Return the schemas with fields for the relations that `nested` names. Raise ConfigurationError.

    The schemas within them begin with the `title` of what is around them.
    """
    new, changed = {}, {}
    relations = inspect(model).relationships
    for name in nested:
        if "." in name or name not in relations or relations[name].secondary is not None:
            continue  # which is refused where all of it is checked
        inner = behind(fields, name)
        if not inner:
            raise ConfigurationError(
                f"{model.__name__}: nested names {name!r}, and fields has nothing of it, as in '{name}.id'"
            )
        own = title + name.title().replace("_", "")
        found = _of_relation(relations[name], own, inner, behind(read_only, name), behind(nested, name))
        new[name] = _in_create(relations[name], found.create)
        changed[name] = _in_update(relations[name], found.update)
    return made._replace(create=_extended(made.create, new), update=_extended(made.update, changed))


def nested_within_columns(schema: type[BaseModel], model: type[object], nested: Collection[str]) -> type[BaseModel]:
    """Return the schema with the limits of columns on the objects within it, see `within_columns`."""
    relations = inspect(model).relationships
    targets = {name: relations[name].mapper.class_ for name in nested if "." not in name}

    limits = {name: partial(_limited, model=target, nested=behind(nested, name)) for name, target in targets.items()}
    return with_items(schema, limits)


def is_made(column: Column[object]) -> bool:
    """Return True if the database or a default makes the values of a column."""
    made = (column.default, column.server_default, column.identity, column.computed)
    return column.table.autoincrement_column is column or any(one is not None for one in made)


@cache  # so that bodies that hold one schema hold one afterwards
def _limited(item: type[BaseModel], model: type[object], nested: tuple[str, ...]) -> type[BaseModel]:
    return nested_within_columns(within_columns(item, model), model, nested)


def _of_relation(
    mapped: RelationshipProperty[object],
    title: str,
    fields: Sequence[str],
    read_only: Collection[str],
    nested: Collection[str],
) -> ModelSchemas:
    """Return the schemas of the rows of a relation, without what the row around them gives."""
    target, mapper = mapped.mapper.class_, mapped.mapper
    given = (
        set()
        if mapped.direction is MANYTOONE
        else {mapper.get_property_by_column(one).key for one in mapped.remote_side}
    )
    own = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    lacking = [key for key in own if key not in given and key not in fields]
    if lacking and mapped.uselist:
        raise ConfigurationError(
            f"{mapped.parent.class_.__name__}: nested names {mapped.key!r}, and clients know its rows by {lacking[0]}: "
            f"fields has to have '{mapped.key}.{lacking[0]}'"
        )
    kept = [name for name in fields if name not in given]
    made = model_schemas(target, kept, [name for name in read_only if name in kept], title)
    made = with_nested(made, target, kept, read_only, nested, title)
    keys = {key: _key_field(getattr(target, key).property.columns[0]) for key in own if key in kept}
    return made._replace(update=_extended(made.update, keys))


def _key_field(column: Column[object]) -> tuple[object, object]:
    """Return the field by which an object in a change says which row it is; it may be left out of a new one's."""
    if not is_made(column):
        return sent_type(column), ...
    kind = BodyId if isinstance(column.type, Integer) else sent_type(column)
    return kind | MISSING, Field(MISSING, description="The row that it is; without it, it is a new one.")


def _in_create(mapped: RelationshipProperty[object], schema: type[BaseModel]) -> tuple[object, object]:
    if mapped.uselist:
        return _list_of(schema), []
    return (schema, ...) if _is_required(mapped) else (schema | None, None)


def _in_update(mapped: RelationshipProperty[object], schema: type[BaseModel]) -> tuple[object, object]:
    if mapped.uselist:
        return _list_of(schema) | MISSING, MISSING
    return (schema | MISSING if _is_required(mapped) else schema | None | MISSING), MISSING


def _list_of(schema: type[BaseModel]) -> object:
    return Annotated[list[schema], Field(max_length=MOST)]  # type: ignore[valid-type]  # known at run time only


def _is_required(mapped: RelationshipProperty[object]) -> bool:
    return mapped.direction is MANYTOONE and not any(column.nullable for column in mapped.local_columns)


def _extended(schema: type[BaseModel], fields: dict[str, tuple[object, object]]) -> type[BaseModel]:
    if not fields:
        return schema
    kept = {"__module__": schema.__module__, "__doc__": schema.__doc__}
    return cast("type[BaseModel]", create_model(schema.__name__, __base__=schema, **kept, **fields))  # type: ignore[call-overload]  # the names of fields are known at run time
