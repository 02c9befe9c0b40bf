"""The identifiers of objects in addresses and forms: `12`, or `3;7` for a key of two parts."""

from collections.abc import Iterable
from typing import Any

from sqladmin.helpers import get_primary_keys, object_identifier_values
from sqlalchemy import ColumnElement, and_, false, tuple_

LARGEST_INTEGER = 2**63 - 1


def has_identifier(model: type[Any], identifier: str) -> ColumnElement[bool]:
    """The condition that a row has this primary key (`12`, or `3;7` for a composite one); false for what is no key."""
    values = parse_identifier(model, identifier)
    if values is None:
        return false()
    return and_(*(column == value for column, value in zip(get_primary_keys(model), values, strict=True)))


def have_identifiers(model: type[Any], identifiers: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a row has one of these primary keys; what is no key is left out."""
    values = [parsed for one in identifiers if (parsed := parse_identifier(model, one)) is not None]
    keys = get_primary_keys(model)
    if not values:
        return false()
    return keys[0].in_([value[0] for value in values]) if len(keys) == 1 else tuple_(*keys).in_(values)


def parse_identifier(model: type[Any], identifier: str) -> tuple[Any, ...] | None:
    """The values of the primary key that `identifier` names, or None if it cannot be one."""
    try:
        values = object_identifier_values(identifier, model)
    except (ArithmeticError, TypeError, ValueError):
        return None
    if any(isinstance(value, str) and "\0" in value for value in values):
        return None
    if any(isinstance(value, int) and abs(value) > LARGEST_INTEGER for value in values):
        return None
    return values
