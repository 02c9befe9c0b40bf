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

from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime, create_model
from pydantic.fields import FieldInfo
from sqlalchemy import Column, DateTime, Float, Integer, Numeric, String, inspect
from sqlalchemy.types import TypeEngine

from dovetail.resources.schemas.column_types import LONGEST_INTERVAL, largest

Metadata = tuple[object, ...]
Written = TypeVar("Written", bound=BaseModel)


def within_columns(schema: type[Written], model: type[object]) -> type[Written]:
    """Return the schema with the limits of the model's columns on the fields that are called as they are.

    It is the schema itself if its fields are as narrow already, else a class of the same name that derives from it.
    """
    columns = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    narrowed = dict(_narrowed_fields(schema, columns))
    if not narrowed:
        return schema
    kept = {"__module__": schema.__module__, "__doc__": schema.__doc__}
    made: type[Written] = create_model(schema.__name__, __base__=schema, **kept, **narrowed)  # type: ignore[call-overload]  # the names of fields are known at run time
    return made


def _narrowed_fields(
    schema: type[BaseModel], columns: Mapping[str, object]
) -> Iterator[tuple[str, tuple[object, FieldInfo]]]:
    for name, info in schema.model_fields.items():
        column = columns.get(name)
        if not isinstance(column, Column):
            continue
        own = tuple(info.metadata)
        narrow = _narrow(info.annotation, own, column.type)
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
    missing = tuple(_missing(annotation, _flat(own), kind))
    return _annotated(annotation, (*own, *missing)) if missing else annotation


def _annotated(annotation: object, metadata: Metadata) -> object:
    return Annotated[annotation, *metadata] if metadata else annotation


def _flat(own: Metadata) -> Metadata:
    """Return the metadata with the limits that a Field holds."""
    return tuple(part for each in own for part in (each.metadata if isinstance(each, FieldInfo) else (each,)))


def _missing(annotation: object, own: Metadata, kind: TypeEngine[object]) -> Iterator[object]:
    """Yield the limits of the column's type that nothing in `own` implies."""
    if annotation is str and isinstance(kind, String):
        if kind.length is not None and _least(own, "max_length") > kind.length:
            yield Field(max_length=kind.length)
    elif annotation is int and isinstance(kind, Integer):
        if min(_least(own, "le"), _least(own, "lt") - 1) > largest(kind):
            yield Field(le=largest(kind))
        if max(_greatest(own, "ge"), _greatest(own, "gt") + 1) < -largest(kind) - 1:
            yield Field(ge=-largest(kind) - 1)
    elif annotation is Decimal and isinstance(kind, Numeric) and not isinstance(kind, Float):
        if kind.precision is not None and _least(own, "max_digits") > kind.precision:
            yield Field(max_digits=kind.precision)
        if kind.precision is not None and _least(own, "decimal_places") > (kind.scale or 0):
            yield Field(decimal_places=kind.scale or 0)
    elif annotation is timedelta:
        if not any(hasattr(each, "le") for each in own):
            yield Field(le=LONGEST_INTERVAL)
        if not any(hasattr(each, "ge") for each in own):
            yield Field(ge=-LONGEST_INTERVAL)


def _least(own: Metadata, name: str) -> float:
    return min((found for found in _values(own, name)), default=float("inf"))


def _greatest(own: Metadata, name: str) -> float:
    return max((found for found in _values(own, name)), default=float("-inf"))


def _values(own: Metadata, name: str) -> Iterator[float]:
    for each in own:
        found = getattr(each, name, None)
        if isinstance(found, (int, float, Decimal)):
            yield float(found) if not isinstance(found, int) else found
