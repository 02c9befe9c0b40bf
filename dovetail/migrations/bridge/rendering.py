"""How types and defaults are written into revision files."""

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DefaultClause
from sqlalchemy.sql.elements import False_, TextClause, True_
from sqlalchemy.sql.functions import now

from dovetail.database.column_types import utcnow
from dovetail.migrations.bridge.portable import is_clock
from dovetail.migrations.bridge.type_code import type_code

IMPORT_UTCNOW = "from dovetail.database.column_types import utcnow"


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Alembic's hook for code of our own; False leaves the item to Alembic."""
    if kind == "server_default" and item is not None:
        return _render_default(item.arg if isinstance(item, DefaultClause) else item, context)
    if kind == "type":
        return type_code(item, context.imports)
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
