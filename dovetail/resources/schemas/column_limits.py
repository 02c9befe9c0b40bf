"""The limits of columns as limits of the fields that are written to them, so that both databases take what is taken.

SQLite stores 41 characters in a String(40), which PostgreSQL refuses: a dump of the one would not load into the other.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, NaiveDatetime, create_model
from pydantic.fields import FieldInfo
from sqlalchemy import ARRAY, Column, DateTime, Integer, Numeric, String, inspect
from sqlalchemy.types import TypeEngine

from dovetail.resources.schemas.column_types import limits_of
from dovetail.resources.schemas.values.text_forms import text_form

Metadata = tuple[object, ...]
SchemaT = TypeVar("SchemaT", bound=BaseModel)
NO_LINKS: Mapping[str, TypeEngine[object]] = {}
HELD_BY = {str: String, int: Integer, Decimal: Numeric, timedelta: TypeEngine}  # which columns limit such a value
STRICT = {"le": "lt", "ge": "gt"}


def within_columns(
    schema: type[SchemaT], model: type[object], links: Mapping[str, TypeEngine[object]] = NO_LINKS
) -> type[SchemaT]:
    """Return the schema with the limits of the model's columns on the fields that are called as they are.

    `links` are the types of the columns by which a field names rows of another table. It is the schema itself if its
    fields are as narrow already, else a class of the same name that derives from it.
    """
    attributes = {one.key: one.columns[0] for one in inspect(model).column_attrs}
    columns = {name: one.type for name, one in attributes.items() if isinstance(one, Column)}
    narrowed = dict(_narrowed_fields(schema, {**columns, **links}))
    if not narrowed:
        return schema
    kept = {"__module__": schema.__module__, "__doc__": schema.__doc__}
    made: type[SchemaT] = create_model(schema.__name__, __base__=schema, **kept, **narrowed)  # type: ignore[call-overload]  # the names of fields are known at run time
    return made


def _narrowed_fields(
    schema: type[BaseModel], columns: Mapping[str, TypeEngine[object]]
) -> Iterator[tuple[str, tuple[object, FieldInfo]]]:
    for name, info in schema.model_fields.items():
        kind = columns.get(name)
        if kind is None:
            continue
        own = tuple(info.metadata)
        narrow = _narrow(info.annotation, own, kind)
        if narrow is not info.annotation:
            rest = copy(info)  # its title, default and so on; what limits it is in the annotation
            rest.metadata = []
            yield name, (narrow, rest)


def _narrow(annotation: object, own: Metadata, kind: TypeEngine[object]) -> object:
    """Return the annotation with the limits of the column's type; the very same one if it has them."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        narrow = _narrow(inner, (*more, *own), kind)
        return annotation if narrow is inner else narrow
    if get_origin(annotation) in {Union, UnionType}:
        parts = get_args(annotation)
        narrow_parts = [_narrow(part, (), kind) for part in parts]
        if all(narrow is part for narrow, part in zip(narrow_parts, parts, strict=True)):
            return annotation
        united = reduce(or_, narrow_parts)
        return _annotated(united, own)
    if annotation is datetime and isinstance(kind, DateTime):
        return _annotated(AwareDatetime if kind.timezone else NaiveDatetime, own)
    if (several := get_origin(annotation)) in {list, set, frozenset}:
        (item,) = get_args(annotation)
        narrow = _narrow(item, (), kind.item_type if isinstance(kind, ARRAY) else kind)
        return annotation if narrow is item else _annotated(several[narrow], own)
    missing = tuple(_missing(annotation, _flat(own), kind))
    return _annotated(annotation, (*own, *missing)) if missing else annotation


def _annotated(annotation: object, metadata: Metadata) -> object:
    return Annotated[annotation, *metadata] if metadata else annotation


def _flat(own: Metadata) -> Metadata:
    """Return the metadata with the limits that a Field holds."""
    return tuple(part for each in own for part in (each.metadata if isinstance(each, FieldInfo) else (each,)))


def _missing(annotation: object, own: Metadata, kind: TypeEngine[object]) -> Iterator[object]:
    """Yield the limits of the column's type that nothing in `own` implies."""
    form = text_form(kind) if annotation is str else None
    if form is not None and not any(isinstance(each, AfterValidator) for each in own):
        yield form.check
    if isinstance(annotation, type) and isinstance(kind, HELD_BY.get(annotation, ())):
        for name, limit in limits_of(annotation, kind).items():
            if not any(_is_within(each, name, limit) for each in own):
                yield Field(**{name: limit})  # type: ignore[call-overload]  # the names are Field's


def _is_within(own: object, name: str, limit: object) -> bool:
    """Return True if what limits a field already lets nothing pass that is beyond `limit`."""
    found, strict = getattr(own, name, None), getattr(own, STRICT.get(name, ""), None)
    if name == "ge":
        return (found is not None and found >= limit) or (strict is not None and strict >= limit)
    return (found is not None and found <= limit) or (strict is not None and strict <= limit)
