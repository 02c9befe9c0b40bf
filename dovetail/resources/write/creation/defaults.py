"""Checks, when a resource is made, of `create_defaults`: values that a new row takes from the user who creates it."""

from typing import get_args

from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.errors import ConfigurationError
from dovetail.resources.declaration.required_fields import always_given
from dovetail.resources.signatures import check_hook
from dovetail.resources.spec import Spec


def check_defaults(spec: Spec) -> None:
    """Raise ConfigurationError for a default that names no column, or that would never be used."""
    if not spec.create_defaults:
        return
    if spec.create_with is not None:
        raise ConfigurationError(
            f"{spec.singular}: create_with gives all values of a new row, and create_defaults would never be used; "
            "leave one of them out"
        )
    if not any((spec.has("create"), spec.has("bulk_create"), spec.put_creates)):
        raise ConfigurationError(f"{spec.singular}: create_defaults is given, and no schema `create`; it is never used")
    for name, make in spec.create_defaults.items():
        _check_default(spec, name, make)


def _check_default(spec: Spec, name: str, make: object) -> None:
    columns, viewer = inspect(spec.model).column_attrs, get_args(spec.policy.writer)[0]
    if name not in columns:
        raise ConfigurationError(
            f"{spec.singular}: create_defaults names {name!r}, which is not a column of {spec.model.__name__}; "
            f"expected some of {', '.join(sorted(columns.keys()))}"
        )
    where = f"create_defaults[{name!r}]"
    if not isinstance(make, InstrumentedAttribute):
        check_hook(spec.singular, where, make, {"viewer": viewer}, is_async=False)
    elif not (isinstance(viewer, type) and make.class_ in viewer.__mro__):
        found = getattr(viewer, "__name__", viewer)
        raise ConfigurationError(
            f"{spec.singular}: {where} is {make}, and who writes is {found}; expected a column of theirs, or a function"
        )
    if spec.create is not None and name in always_given(spec.create):
        raise ConfigurationError(
            f"{spec.create.__name__}.{name} always has a value, and the one of create_defaults would never be used; "
            "let the field be None by default, or leave it out"
        )
