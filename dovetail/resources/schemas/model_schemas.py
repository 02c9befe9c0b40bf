"""Schemas made of a model's columns: what is answered of a row, what makes one, and what changes one.

    products = Resource(model=Product, fields=("name", "price"), policy=POLICY)

A schema that differs in a field or two derives from what would be made, and says the rest:

    class ProductCreate(CreateSchema, model=Product, fields=("name", "price")):
        coupon: str | None = None
"""

import dataclasses
import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from inspect import get_annotations
from operator import or_
from types import GenericAlias, new_class
from typing import Annotated, NamedTuple, cast

from pydantic import MISSING, BaseModel, Field
from pydantic.fields import FieldInfo
from sqlalchemy import Boolean, Column, ColumnDefault, Numeric, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.functions import FunctionElement

from dovetail.api.schemas import Schema
from dovetail.errors import ConfigurationError
from dovetail.resources.schemas.column_types import answered_type, sent_type, why_unfit
from dovetail.resources.schemas.computed_attributes import computed_type, synonym_of
from dovetail.resources.schemas.method_names import names_of_methods
from dovetail.resources.schemas.secret_columns import is_secret

WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class ReadSchema(Schema):
    """The base of what is answered of a row: `class ProductRead(ReadSchema, model=Product, fields=("name",))`.

    It has the key of the row, the columns that `fields` name, and of relations what stands behind a dot: with
    `author.username` and `author.id` the field `author` is an object with these two, or null.
    """

    def __init_subclass__(cls, *, model: type[object] | None = None, fields: Sequence[str] = ()) -> None:
        if model is not None:
            _declare(cls, _read_fields(model, fields, cls.__name__.removesuffix("Read")))
        super().__init_subclass__()


class CreateSchema(Schema):
    """The base of what makes a row, of the columns that `fields` name and a client may send.

    Those are all but a key that is counted up, a column that is computed, and a time that the database sets. What has
    a default or may be null may be left out. What stands behind a relation's dot is only answered.
    """

    def __init_subclass__(cls, *, model: type[object] | None = None, fields: Sequence[str] = ()) -> None:
        if model is not None:
            _declare(cls, _create_fields(model, fields))
        super().__init_subclass__()


class UpdateSchema(Schema):
    """The base of what changes a row: the fields of CreateSchema without the key, each of which may be left out."""

    def __init_subclass__(cls, *, model: type[object] | None = None, fields: Sequence[str] = ()) -> None:
        if model is not None:
            _declare(cls, _update_fields(model, fields))
        super().__init_subclass__()


class ModelSchemas(NamedTuple):
    """The three schemas of a model."""

    read: type[BaseModel]
    create: type[BaseModel]
    update: type[BaseModel]


def model_schemas(
    model: type[object], fields: Sequence[str], read_only: Collection[str] = (), title: str = ""
) -> ModelSchemas:
    """Return the schemas of these fields of a model; those that are `read_only` are answered and never taken.

    They are called as the model, or by the `title`, so that those of two resources of a model are told apart.
    Raise ConfigurationError for a field that is no column, that is a secret, or of whose type no schema can be made.
    """
    if isinstance(fields, str):
        raise ConfigurationError(f"{model.__name__}: fields is the text {fields!r}, expected a tuple: ({fields!r},)")
    if strangers := sorted(set(read_only) - set(fields)):
        raise ConfigurationError(f"{model.__name__}: read_only names {strangers}, which `fields` does not")
    title, sent = title or model.__name__, [name for name in fields if name not in read_only]
    words = WORD.sub(" ", model.__name__).lower()
    changes = f"The fields of one {words} that change; what is left out stays."
    return ModelSchemas(
        _made(ReadSchema, f"{title}Read", f"One {words}.", model, fields),
        _made(CreateSchema, f"{title}Create", f"A new {words}.", model, sent),
        _made(UpdateSchema, f"{title}Update", changes, model, sent),
    )


def _made(base: type[BaseModel], name: str, text: str, model: type[object], fields: Sequence[str]) -> type[BaseModel]:
    namespace = {"__module__": model.__module__, "__doc__": text}
    options = {"model": model, "fields": tuple(fields)}
    with names_of_methods():
        return cast("type[BaseModel]", new_class(name, (base,), options, lambda ns: ns.update(namespace)))


def _declare(schema: type[BaseModel], fields: Iterator[tuple[str, object, FieldInfo | None]]) -> None:
    """Give a class that is being made these fields, in front of those that it declares itself."""
    own = get_annotations(schema)
    found: dict[str, object] = {}
    for name, annotation, info in fields:
        if name in own:
            continue
        _check_name(schema.__name__, name)
        found[name] = annotation
        if info is not None:
            setattr(schema, name, info)
    schema.__annotations__ = found | own


def _check_name(schema: str, name: str) -> None:
    if name.startswith("_") or (name.startswith("model_") and hasattr(BaseModel, name)):
        raise ConfigurationError(
            f"{schema}: fields names {name!r}, which a schema calls something else; give the attribute another name, "
            f'as in `own_name = mapped_column("{name}")`'
        )


def _read_fields(
    model: type[object], fields: Sequence[str], title: str
) -> Iterator[tuple[str, object, FieldInfo | None]]:
    """Yield the fields of an answer; the schemas within it begin with the `title` of what is answered."""
    mapper: Mapper[object] = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    nested: dict[str, list[str]] = {}
    for name in dict.fromkeys([*keys, *fields]):
        relation, dot, rest = name.partition(".")
        if dot:
            nested.setdefault(relation, []).append(rest)
            continue
        computed = computed_type(model, name) if _is_computed(mapper, name) else None
        if computed is not None:
            yield name, computed, None
            continue
        column = _column(model, synonym_of(model, name))
        found = answered_type(column)
        if found is None:
            raise _unfit(model, name, column)
        yield name, or_(found, None) if column.nullable else found, _described(column)
    for relation, names in nested.items():
        yield relation, _nested(model, relation, names, title), None


def _create_fields(model: type[object], fields: Sequence[str]) -> Iterator[tuple[str, object, FieldInfo | None]]:
    made = _made_by_dataclass(model)
    for name, column, found in _sent(model, fields):
        if name in made:
            yield name, found | MISSING, _described(column, default=MISSING)
        else:
            yield name, *_with_default(column, found)


def _made_by_dataclass(model: type[object]) -> set[str]:
    """Return the attributes for which a dataclass makes a value, where none is given."""
    fields = dataclasses.fields(model) if dataclasses.is_dataclass(model) else ()
    return {one.name for one in fields if one.default_factory is not dataclasses.MISSING}


def _update_fields(model: type[object], fields: Sequence[str]) -> Iterator[tuple[str, object, FieldInfo | None]]:
    for name, column, found in _sent(model, fields):
        if not column.primary_key:
            yield name, found | MISSING, _described(column, default=MISSING)


def _sent(model: type[object], fields: Sequence[str]) -> Iterator[tuple[str, Column[object], object]]:
    """Yield the columns among `fields` that a client may send, each with its type."""
    for name in dict.fromkeys(fields):
        if "." in name or _is_computed(inspect(model), name):
            continue
        column = _column(model, name)
        if _is_made(inspect(model), column):
            continue
        found = sent_type(column)
        if found is None:
            raise _unfit(model, name, column)
        yield name, column, or_(found, None) if column.nullable else found


def _with_default(column: Column[object], found: object) -> tuple[object, FieldInfo | None]:
    default = column.default
    if isinstance(default, ColumnDefault) and default.is_scalar:
        return found, _described(column, default=_of_type(column, default.arg))
    if default is not None or column.server_default is not None:
        return found | MISSING, _described(column, default=MISSING)
    return found, _described(column, default=None) if column.nullable else _described(column)


def _of_type(column: Column[object], default: object) -> object:
    """Return a default as a value of the column: SQLAlchemy takes 0 for Decimal(0), and pydantic warns of it."""
    if isinstance(default, int | float) and isinstance(column.type, Numeric) and column.type.python_type is Decimal:
        return Decimal(str(default))
    return bool(default) if isinstance(column.type, Boolean) and default in {0, 1} else default


def _described(column: Column[object], **options: object) -> FieldInfo | None:
    text = column.doc or column.comment
    if text is None and not options:
        return None
    return cast("FieldInfo", Field(description=text, **options))  # type: ignore[call-overload]  # a default, or none


def _is_made(mapper: Mapper[object], column: Column[object]) -> bool:
    """Return True if the database or the framework makes the values of a column, and no client."""
    parts = mapper.get_property_by_column(column).columns  # of a key that was inherited, one in each table
    if any(_is_made_key(part) for part in parts if isinstance(part, Column)):
        return True
    server = column.server_default
    is_called = isinstance(server, DefaultClause) and isinstance(server.arg, FunctionElement)
    made = (column.computed, column.identity, column.onupdate, column.server_onupdate)
    return (
        is_called
        or any(one is not None for one in made)
        or any(column is one for one in (mapper.version_id_col, mapper.polymorphic_on))
    )


def _is_made_key(column: Column[object]) -> bool:
    """Return True for a key that the database counts up, or that the framework draws."""
    return column is column.table.autoincrement_column or (column.primary_key and column.default is not None)


def _is_computed(mapper: Mapper[object], name: str) -> bool:
    """Return True if `name` is an attribute of the model and no column of its table."""
    if name in mapper.column_attrs:
        return not isinstance(mapper.column_attrs[name].columns[0], Column)
    return name not in mapper.relationships and hasattr(mapper.class_, name)


def _column(model: type[object], name: str) -> Column[object]:
    mapper: Mapper[object] = inspect(model)
    if name in mapper.relationships:
        raise ConfigurationError(
            f"{model.__name__}: fields names the relation {name!r}, expected what is answered of it, as in '{name}.id'"
        )
    found = mapper.column_attrs.get(name)
    if found is None or not isinstance(found.columns[0], Column):
        known = sorted(one.key for one in mapper.column_attrs if isinstance(one.columns[0], Column))
        raise ConfigurationError(f"{model.__name__}: fields names {name!r}, expected some of {', '.join(known)}")
    column = found.columns[0]
    if is_secret(column):
        raise ConfigurationError(
            f"{model.__name__}: fields names {name!r}, which holds a secret by its name; leave it out, or say that it "
            'does not: mapped_column(info={"secret": False})'
        )
    return column


def _unfit(model: type[object], name: str, column: Column[object]) -> ConfigurationError:
    why = why_unfit(column.type) or "give schemas of your own (read, create, update)"
    return ConfigurationError(
        f"{model.__name__}: fields names {name!r}, and no schema can be made of its type {column.type!r}; {why}"
    )


def _nested(model: type[object], relation: str, fields: Sequence[str], around: str) -> object:
    """Return the type of a relation in an answer: an object of these fields or null, or a list of them."""
    relations = inspect(model).relationships
    if relation not in relations:
        raise ConfigurationError(
            f"{model.__name__}: fields names {f'{relation}.{fields[0]}'!r}, and {relation!r} is no relation, expected "
            f"one of {', '.join(sorted(relations.keys())) or 'none'}"
        )
    mapped = relations[relation]
    target, title = mapped.mapper.class_, around + relation.title().replace("_", "")
    namespace: dict[str, object] = {
        "__module__": model.__module__,
        "__doc__": f"What is answered of {relation.replace('_', ' ')}.",
    }
    annotations: dict[str, object] = {
        name: Annotated[kind, info] if info else kind for name, kind, info in _plain(target, fields, title)
    }
    namespace |= {"__annotations__": annotations}
    for name in annotations:
        _check_name(f"{title}Read", name)
    with names_of_methods():
        made = new_class(f"{title}Read", (Schema,), exec_body=lambda ns: ns.update(namespace))
    return GenericAlias(list, (made,)) if mapped.uselist else or_(made, None)


def _plain(model: type[object], fields: Sequence[str], title: str) -> Iterator[tuple[str, object, FieldInfo | None]]:
    """Yield the fields of a nested object, which has its key only if that is named."""
    keys = {inspect(model).get_property_by_column(column).key for column in inspect(model).primary_key}
    return (one for one in _read_fields(model, fields, title) if one[0] not in keys or one[0] in fields)
