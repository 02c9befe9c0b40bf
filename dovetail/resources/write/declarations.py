"""Checks of what a resource declares about writing, when it is made: schemas, links, hooks and policy."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import get_args

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.database.models import is_read_only
from dovetail.errors import ConfigurationError
from dovetail.resources.schemas.lookups import is_unique
from dovetail.resources.schemas.nested_models import is_made
from dovetail.resources.signatures import Arguments, check_hook, check_policy
from dovetail.resources.spec import Spec
from dovetail.resources.sql.named_rows import needs_value
from dovetail.resources.write.creation.defaults import check_defaults
from dovetail.resources.write.links import link_columns
from dovetail.resources.write.nested.declaration import check_nested


def check_writing(spec: Spec) -> None:
    """Raise ConfigurationError for the first declaration that would fail when a row is written."""
    _check_read_only(spec)
    _check_schemas(spec)
    if len(spec.keys) > 1:
        _check_keys(spec)
    _check_links(spec)
    check_nested(spec)
    check_defaults(spec)
    check_policy(spec.singular, spec.policy, spec.model, spec.create)
    for name, hook, arguments in _hooks(spec):
        check_hook(spec.singular, name, hook, arguments)
    reader = get_args(spec.policy.reader)[0]
    for build in spec.builds:
        name = getattr(build, "__name__", repr(build))
        check_hook(spec.singular, f"the field from {name}", build, {"viewer": reader}, is_async=False)


def _check_read_only(spec: Spec) -> None:
    """Raise ConfigurationError for a create, update or replace schema of a read-only table."""
    given = [name for name in ("create", "update", "replace") if getattr(spec, name) is not None]
    if given and is_read_only(inspect(spec.model).local_table):
        raise ConfigurationError(
            f"{spec.singular} has a schema for {given[0]}, and the table of {spec.model.__name__} is read_only; leave "
            "the schema out, or take read_only out of the table's info"
        )


def _check_schemas(spec: Spec) -> None:
    """Raise ConfigurationError for a field that is no column and that no hook writes."""
    columns = inspect(spec.model).column_attrs.keys()
    for schema in _without_hooks(spec):
        for name in schema.model_fields:
            if name not in columns and name not in spec.links and name not in spec.nested:
                raise ConfigurationError(
                    f"{schema.__name__}.{name} is not a column of {spec.model.__name__}; name a service that knows "
                    f"what to do with it (create_with, update_with), or use one of {', '.join(sorted(columns))}"
                )


def _check_keys(spec: Spec) -> None:
    """Raise ConfigurationError if a body sets key columns that the URL gives, or a new row lacks one."""
    for schema in (spec.update, spec.replace):
        if schema is not None and (named := sorted(schema.model_fields.keys() & set(spec.keys))):
            raise ConfigurationError(
                f"{schema.__name__} has {', '.join(named)}, which is part of the primary key: the address says it; "
                "leave it out"
            )
    is_offered = spec.has("create") or spec.has("bulk_create")
    if spec.create is not None and spec.create_with is None and is_offered:
        _check_given(spec, spec.create)


def _check_given(spec: Spec, schema: type[BaseModel]) -> None:
    """Raise ConfigurationError if nothing sets a column of the primary key."""
    for column, name in zip(inspect(spec.model).primary_key, spec.keys, strict=True):
        made = (column.default, column.server_default, column.identity, column.computed)
        counts = column.table.autoincrement_column is column
        if (
            name not in {*schema.model_fields, *spec.create_defaults}
            and not counts
            and all(one is None for one in made)
        ):
            raise ConfigurationError(
                f"{schema.__name__} lacks {name}, which is part of the primary key, and nothing makes its value; "
                "add it, or name a create_with that gives it"
            )


def _without_hooks(spec: Spec) -> Iterator[type[BaseModel]]:
    if spec.create is not None and spec.create_with is None:
        yield spec.create
    if spec.update_with is None:
        yield from (schema for schema in (spec.update, spec.replace) if schema is not None)


def _check_links(spec: Spec) -> None:
    """Raise ConfigurationError for a link that is no many-to-many relation, or cannot be written."""
    relations = inspect(spec.model).relationships
    for name, find in spec.links.items():
        if name not in relations or relations[name].secondary is None:
            raise ConfigurationError(
                f"{spec.singular}: links names {name!r}, which is not a many-to-many relation of {spec.model.__name__}"
            )
        _check_between(spec, name)
        if isinstance(find, InstrumentedAttribute):
            target = relations[name].mapper.class_
            _check_named(f"{spec.singular}: links[{name!r}] is {find}", target, find)
        if not any(name in schema.model_fields for schema in (spec.create, spec.update, spec.replace) if schema):
            raise ConfigurationError(f"{spec.singular}: links names {name!r}, which no schema of a body has")


def _check_between(spec: Spec, name: str) -> None:
    """Raise ConfigurationError if the link table has a further column that nothing fills when a link is inserted."""
    own, other = link_columns(spec.model, name)
    for column in own.table.columns:
        is_computed = column.default is not None and column.default.is_callable
        if column not in {own, other} and (is_computed or not (column.nullable or is_made(column))):
            found = "has a function as its default" if is_computed else "is never null, and nothing gives its value"
            raise ConfigurationError(
                f"{spec.singular}: links names {name!r}, and {column} beside its keys {found}; give it a default that "
                "is one value, or a server_default, or map the table and name it in nested"
            )


def _check_named(what: str, target: type[object], find: InstrumentedAttribute[str]) -> None:
    """Raise ConfigurationError unless the column `find` is enough to find, and to create, a row of `target`."""
    column = find.property.columns[0]
    if find.class_ is not target or not is_unique(column):
        raise ConfigurationError(f"{what}, expected a unique column of {target.__name__}, or an async function")
    others = [one.name for one in inspect(target).local_table.columns if one is not column and needs_value(one)]
    if others:
        raise ConfigurationError(
            f"{what}, and a new {target.__name__} needs {', '.join(others)} too; give it a default, or name an async "
            "function that makes one"
        )


def _hooks(spec: Spec) -> Iterator[tuple[str, object, Arguments]]:
    """Yield the name of each hook given, the hook, and the types of its arguments by name."""
    viewer = get_args(spec.policy.writer)[0]
    of_session: Arguments = {"session": AsyncSession}
    changes: list[object] = [schema for schema in (spec.update, spec.replace) if schema is not None]
    if spec.create_with is not None:
        _require(spec, "create_with", [spec.create], "create")
        yield "create_with", spec.create_with, {**of_session, "viewer": viewer, "data": spec.create}
    if spec.update_with is not None:
        _require(spec, "update_with", changes, "update` or `replace")
        data = reduce(or_, changes)  # one schema, or a union of both
        yield "update_with", spec.update_with, {**of_session, "viewer": viewer, "item": spec.model, "data": data}
    if spec.delete_with is not None:
        yield "delete_with", spec.delete_with, {**of_session, "item": spec.model}
    for name, find in spec.links.items():
        if isinstance(find, InstrumentedAttribute):
            continue
        yield f"links[{name!r}]", find, {**of_session, "names": set}


def _require(spec: Spec, hook: str, schemas: list[object], name: str) -> None:
    if not any(schemas):
        raise ConfigurationError(f"{spec.singular}: {hook} is given, and no schema `{name}`; it is never called then")
