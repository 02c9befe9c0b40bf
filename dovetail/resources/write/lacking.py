"""Find columns that new rows need a value for and get none: every POST would fail, so the site does not start.

Where event listeners, validators or an `__init__` may set the value, `manage.py check` warns instead.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE

from dovetail.resources.declaration.model_rules import may_fill
from dovetail.resources.declaration.required_fields import (
    always_given,
    asked_by_init,
    attributes_by_column,
    defaults_of_dataclass,
    has_python,
    parameters_of_init,
    required_columns,
)
from dovetail.resources.spec import Spec
from dovetail.resources.write.nested.declaration import nested_spec


class NewRow(NamedTuple):
    """The rows that a schema creates, as far as they are known at start."""

    where: str  # the resource, for messages
    model: type[object]
    schema: type[BaseModel]
    given: frozenset[str]  # attributes that always get a value, whatever the client leaves out
    named: frozenset[str]  # attributes that may get one


def lacking_values(specs: Iterable[Spec]) -> Iterator[str]:
    """Yield the problems that keep the site from starting: rows that can never be created, as a value is missing."""
    for row in _new_rows(specs):
        yield from _refused_by_init(row)
        if _may_fill(row) is None:
            for name in (one for one in _lacking(row) if one not in asked_by_init(inspect(row.model))):
                yield (
                    f"{row.where}: {row.schema.__name__} lacks {name}, which is never null in {row.model.__name__}, "
                    "and nothing gives its value; add it to the schema or to `fields`, give the column a default, or "
                    "name create_defaults or a create_with (server_default=FetchedValue() says that a trigger does)"
                )


def doubtful_values(specs: Iterable[Spec]) -> Iterator[tuple[str, str, str]]:
    """Yield warnings, as code, text and hint, about values that only Python code of the model or schema may set."""
    for row in _new_rows(specs):
        filler = _may_fill(row)
        if filler is not None and (lacking := _lacking(row)):
            what = (
                f"{row.where}: {row.schema.__name__} lacks {', '.join(lacking)}, never null in {row.model.__name__}: "
                f"whether its {filler} give a value is known to nobody before a row is made"
            )
            yield "kernel.W040", what, "add it, or say mapped_column(server_default=FetchedValue()) if they do"


def _new_rows(specs: Iterable[Spec]) -> Iterator[NewRow]:
    for spec in specs:
        yield from _rows_of(spec, spec.singular, frozenset())


def _rows_of(spec: Spec, where: str, outer: Collection[str]) -> Iterator[NewRow]:
    """Yield the rows that a declaration creates, nested ones included; `outer` are attributes that the parent sets."""
    makes = spec.has("create") or spec.has("bulk_create")
    if spec.create is not None and spec.create_with is None and makes:
        yield _row(spec, where, spec.create, frozenset({*outer, *spec.create_defaults}))
    if spec.replace is not None and spec.put_creates:
        yield _row(spec, where, spec.replace, frozenset({*outer, *spec.known_by, *spec.create_defaults}))
    for name in (one for one in spec.nested if "." not in one):
        inner: dict[object, Spec] = {}
        for body in (spec.create, spec.update, spec.replace):
            if body is not None and name in body.model_fields:
                found = nested_spec(spec, name, body)
                inner.setdefault(found.create, found)
        for one in inner.values():
            yield from _rows_of(one, f"{where}: {name}", _keys_to(spec, name))


def _row(spec: Spec, where: str, schema: type[BaseModel], known: frozenset[str]) -> NewRow:
    """Return the attributes that a schema sets, with the foreign keys to nested rows that the new row refers to."""
    relations, columns = inspect(spec.model).relationships, attributes_by_column(inspect(spec.model))
    given, named = set(always_given(schema)), {*schema.model_fields, *schema.model_computed_fields}
    for name in named & set(spec.nested):
        keys = {columns[one] for one in relations[name].local_columns if relations[name].direction is MANYTOONE}
        named |= keys
        given |= keys if name in given else set()
    apart = {*spec.links, *spec.nested}
    return NewRow(where, spec.model, schema, frozenset(given - apart) | known, frozenset(named - apart) | known)


def _keys_to(spec: Spec, name: str) -> Collection[str]:
    """Return the attributes of a nested row that its parent sets."""
    mapped = inspect(spec.model).relationships[name]
    if mapped.direction is MANYTOONE:
        return ()
    columns = attributes_by_column(mapped.mapper)
    return {columns[one] for one in mapped.remote_side}


def _lacking(row: NewRow) -> list[str]:
    return sorted(required_columns(inspect(row.model)).keys() - row.given - set(defaults_of_dataclass(row.model)))


def _may_fill(row: NewRow) -> str | None:
    return may_fill(row.model) or ("validators" if has_python(row.schema) else None)


def _refused_by_init(row: NewRow) -> Iterator[str]:
    """Yield the problems for which the model's own `__init__` would raise TypeError."""
    parameters = parameters_of_init(inspect(row.model))
    by_name = {one.name for one in parameters if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}}
    model, where = row.model.__name__, f"{row.where}: {row.schema.__name__}"
    if not any(one.kind is one.VAR_KEYWORD for one in parameters):
        for name in sorted(row.named - by_name):
            yield f"{where} has {name}, which the __init__ of {model} does not take; leave it out, or give create_with"
    for name in sorted(asked_by_init(inspect(row.model)) - row.given):
        yield (
            f"{where} need not have {name}, which the __init__ of {model} asks for; add it to the schema or to "
            "`fields`, give the parameter a default, or name a create_with"
        )
