"""Attributes of a model that are no columns of its table, and are answered and never taken.

They are expressions (`column_property`), other names (`synonym`), and properties, hybrid ones too, that say what they
return.
"""

from functools import cached_property
from inspect import getattr_static
from operator import or_
from typing import get_type_hints

from sqlalchemy import inspect
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapper

from dovetail.errors import ConfigurationError
from dovetail.resources.schemas.column_types import type_of_values


def computed_type(model: type[object], name: str) -> object | None:
    """Return the type of what an attribute that is no column is answered as; None if the model has no such attribute.

    Raise ConfigurationError for a property or an expression that does not say what it gives.
    """
    mapper: Mapper[object] = inspect(model)
    if name in mapper.column_attrs:
        kind = mapper.column_attrs[name].columns[0].type
        found = type_of_values(kind)
        if found is None:
            raise ConfigurationError(
                f"{model.__name__}: fields names {name!r}, an expression of the type {kind!r}, of which no schema can "
                "be made; say what it gives: func.upper(..., type_=String)"
            )
        or_none: object = or_(found, None)
        return or_none
    getter = _getter(model, name)
    if getter is None:
        return None
    hints = get_type_hints(getter)
    if "return" not in hints:
        raise ConfigurationError(
            f"{model.__name__}: fields names the property {name!r}, which does not say what it returns, expected "
            f"def {name}(self) -> int, say"
        )
    returned: object = hints["return"]
    return returned


def synonym_of(model: type[object], name: str) -> str:
    """Return the name of the attribute that `name` is a synonym of; the same if it is none."""
    found = inspect(model).synonyms.get(name)
    return name if found is None else found.name


def _getter(model: type[object], name: str) -> object | None:
    found = inspect(model).all_orm_descriptors.get(name) or getattr_static(model, name, None)
    if isinstance(found, hybrid_property | property):
        return found.fget
    return found.func if isinstance(found, cached_property) else None
