"""Format and parse the identifiers of objects in URLs and forms: `12`, or `3;7` for a composite key."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Enum, and_, false, inspect, tuple_
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_state

from dovetail.contrib.admin.columns.readers import Reader, reader_of
from dovetail.resources.query.keys import split_key, write_key

LARGEST_INTEGER = 2**63 - 1


def primary_keys(model: type[object]) -> tuple[Column[Any], ...]:
    """Return the columns of the primary key of a model."""
    mapper: Any = inspect(model)
    keys: tuple[Column[object], ...] = mapper.primary_key  # every mapped model has a table
    return keys


def identifier_of(obj: object) -> str:
    """Return the identifier of an object."""
    mapper: Mapper[object] = instance_state(obj).mapper
    return write_key(mapper.primary_key_from_instance(obj))


def has_identifier(model: type[object], identifier: str) -> ColumnElement[bool]:
    """Return the condition that a row has this primary key (`12`, or `3;7`); false for an invalid identifier."""
    values = parse_identifier(model, identifier)
    if values is None:
        return false()
    return and_(*(column == value for column, value in zip(primary_keys(model), values, strict=True)))


def have_identifiers(model: type[object], identifiers: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a row has one of these primary keys; invalid identifiers are ignored."""
    keys = primary_keys(model)
    readers = [_reader(key) for key in keys]
    values = [parsed for one in identifiers if (parsed := _parse(readers, one)) is not None]
    if not values:
        return false()
    return keys[0].in_([value[0] for value in values]) if len(keys) == 1 else tuple_(*keys).in_(values)


def parse_identifier(model: type[object], identifier: str) -> tuple[object, ...] | None:
    """Return the values of the primary key in an identifier; None if it is invalid."""
    return _parse([_reader(key) for key in primary_keys(model)], identifier)


def _parse(readers: Sequence[Reader | None], identifier: str) -> tuple[object, ...] | None:
    parts = [identifier] if len(readers) == 1 else split_key(identifier)
    if len(parts) != len(readers) or "\0" in identifier or None in readers:
        return None
    try:
        return tuple([reader(part) for reader, part in zip(readers, parts, strict=True) if reader is not None])
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None


@lru_cache(maxsize=1024)  # cached: creating one takes far longer than using it
def _reader(key: Column[object]) -> Reader | None:
    """Return the function that parses a part of a key; None if its type cannot be used in URLs."""
    if isinstance(key.type, Enum):
        return {str(one.value): one for one in key.type.enum_class}.__getitem__ if key.type.enum_class else str
    return reader_of(key.type)
