"""Render types and defaults as Python code for revision files."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DefaultClause
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import False_, TextClause, True_
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlalchemy.util import generic_repr

from dovetail.database.column_types import utcnow
from dovetail.database.drivers.sqlalchemy_private_statements import variants_of
from dovetail.errors import MigrationError
from dovetail.migrations.bridge.portable import is_clock

IMPORT_UTCNOW = "from dovetail.database.column_types import utcnow"


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Return the code of a type or default, or False to leave it to Alembic; Alembic calls this as `render_item`."""
    if kind == "server_default" and item is not None:
        return _render_default(item.arg if isinstance(item, DefaultClause) else item, context)
    if kind == "type":
        return type_code(item, context.imports)
    return False


DIALECT = re.compile(r"sqlalchemy\.dialects\.(\w+)\.")


def type_code(found: TypeEngine[object], imports: set[str]) -> str:
    """Return the code of a type, and add to `imports` what it needs beside `sa`.

    A type of a plugin is written as what it keeps in the database, so that the file does without the plugin's code;
    but one that chooses by the database, or makes its own SQL, is written by its name. Raise MigrationError for a
    type without a name that can be imported.
    """
    code = _without_variants(found, imports)
    for dialect, variant in sorted(variants_of(found).items()):
        code += f".with_variant({type_code(variant, imports)}, {dialect!r})"
    return code


def _render_default(default: object, context: AutogenContext) -> str | Literal[False]:
    if isinstance(default, True_):
        return "sa.true()"
    if isinstance(default, False_):
        return "sa.false()"
    if isinstance(default, now):
        return "sa.func.now()"
    if isinstance(default, utcnow) or (isinstance(default, TextClause) and is_clock(default.text)):
        context.imports.add(IMPORT_UTCNOW)
        return "utcnow()"
    return repr(default) if isinstance(default, str) else False


def _without_variants(found: TypeEngine[object], imports: set[str]) -> str:
    if isinstance(found, TypeDecorator) and not isinstance(found, sa.Interval):
        if type(found).load_dialect_impl is TypeDecorator.load_dialect_impl:
            return type_code(found.impl_instance, imports)
        return _named(found, imports)
    if isinstance(found, sa.Enum) and type(found) is sa.Enum and not found.native_enum and not found.create_constraint:
        return f"sa.{sa.String(found.length)!r}"  # what the database holds: its values may change without it
    if not type(found).__module__.startswith("sqlalchemy."):
        return _named(found, imports)
    return _of_sqlalchemy(found, imports)


def _of_sqlalchemy(found: TypeEngine[object], imports: set[str]) -> str:
    text = generic_repr(found) if isinstance(found, sa.Interval) else repr(found)
    if isinstance(found, postgresql.DOMAIN):
        text = _domain(found)
    text = _with_inner_code(text, found, imports)
    if dialect := DIALECT.match(type(found).__module__):
        imports.add(f"from sqlalchemy.dialects import {dialect[1]}")
        return f"{dialect[1]}.{text}"
    if not hasattr(sa, type(found).__name__):
        raise MigrationError(f"a column has no type that a database knows, but {found!r}; give it one")
    return f"sa.{text}"


def _domain(found: postgresql.DOMAIN) -> str:
    """Return the code of a domain, with what its `repr` leaves out."""
    names = ("collation", "default", "constraint_name", "not_null", "check")
    values = {name: getattr(found, name) for name in names}
    given = [f"{name}={_value(value)}" for name, value in values.items() if value is not None]
    return ", ".join([f"DOMAIN({found.name!r}, {found.data_type!r}", *given]) + ")"


def _value(value: object) -> str:
    return f"sa.text({value.text!r})" if isinstance(value, sa.TextClause) else repr(value)


def _named(found: TypeEngine[object], imports: set[str]) -> str:
    module, name = type(found).__module__, type(found).__qualname__
    if "<" in name or module == "__main__":
        raise MigrationError(f"the type {name} of a column cannot be imported; define it outside of functions")
    imports.add(f"import {module}")
    text = repr(found)
    start, own = type(found).__name__, f"{module}.{name}"
    return own + _with_inner_code(text.removeprefix(start), found, imports)


def _with_inner_code(text: str, outer: TypeEngine[object], imports: set[str]) -> str:
    """Replace the types that `repr` shows within a type, such as the one that an array is of, by their code."""
    for inner in _inner_types(outer):
        start, found, end = text.partition(repr(inner))
        if found:
            text = start + type_code(inner, imports) + end
    return text


def _inner_types(outer: TypeEngine[object]) -> Iterator[TypeEngine[object]]:
    for name in ("item_type", "astext_type", "text_type", "data_type"):
        inner = getattr(outer, name, None)
        if isinstance(inner, TypeEngine):
            yield inner
