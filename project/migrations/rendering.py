"""How types and defaults are written into revision files."""

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DefaultClause, Enum, String
from sqlalchemy.sql.elements import False_, TextClause, True_
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator, TypeEngine

from project.database.types import utcnow
from project.migrations.portable import is_clock, portable_type

IMPORT_UTCNOW = "from project.database.types import utcnow"


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Alembic's hook for code of our own; False leaves the item to Alembic."""
    if kind == "server_default" and item is not None:
        return _render_default(item.arg if isinstance(item, DefaultClause) else item, context)
    if kind == "type":
        return _render_type(item, context)
    return False


def _render_default(default: Any, context: AutogenContext) -> str | Literal[False]:
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


def _render_type(found: TypeEngine[Any], context: AutogenContext) -> str | Literal[False]:
    if found._variant_mapping:  # noqa: SLF001 - Alembic renders variants, and asks again for each
        return False
    if isinstance(found, TypeDecorator):
        return _render_decorator(found, context)
    if isinstance(found, Enum) and not found.native_enum and not found.create_constraint:
        return f"sa.{String(found.length)!r}"  # what the database holds: its values may change without it
    generic = portable_type(found)
    if generic is not found:
        return f"sa.{generic!r}"
    module = type(found).__module__
    return False if module.startswith("sqlalchemy.") else _render_foreign(found, context)


def _render_decorator(found: TypeDecorator[Any], context: AutogenContext) -> str:
    if type(found).load_dialect_impl is not TypeDecorator.load_dialect_impl:
        return _render_foreign(found, context)  # it chooses by the database, so the file must too
    inner = found.impl_instance
    rendered = _render_type(inner, context)
    return rendered if rendered is not False else f"sa.{inner!r}"


def _render_foreign(found: TypeEngine[Any], context: AutogenContext) -> str:
    module = type(found).__module__
    context.imports.add(f"import {module}")
    return f"{module}.{found!r}"
