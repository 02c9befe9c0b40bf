"""Changes of a column's type that PostgreSQL makes only by an expression: `ALTER COLUMN .. TYPE .. USING ..`."""

from collections.abc import Callable, Iterable

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import ARRAY, Date, DateTime, Dialect, Enum, Float, Integer, Interval, Numeric, String, Time
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from dovetail.database.drivers.sqlalchemy_private_statements import kind_of
from dovetail.migrations.bridge.alembic_private import rendered_alteration
from dovetail.migrations.bridge.portable import portable_type

Ask = Callable[[str, str, TypeEngine[object], str], str]  # of a table, a column, its new type and PostgreSQL's cast

# Kinds among which PostgreSQL converts by itself. (https://www.postgresql.org/docs/current/sql-createcast.html)
_NUMBERS = frozenset({Integer, Numeric, Float})
_FREELY = {(Date, DateTime), (DateTime, Date), (DateTime, Time), (Time, Interval), (Interval, Time)}
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's


class RetypeOp(ops.AlterColumnOp):
    """ALTER COLUMN with a type and, where PostgreSQL needs one, an expression, which another one undoes."""

    using: str | None = None

    def reverse(self) -> "RetypeOp":
        """Return the way back, by PostgreSQL's cast."""
        back = super().reverse()
        assert isinstance(back, RetypeOp)  # noqa: S101 - Alembic makes one of the same class
        back.using = _cast(back) if _needs_expression(back) else None
        return back


@renderers.dispatch_for(RetypeOp)
def _render(context: AutogenContext, operation: RetypeOp) -> str:
    code = rendered_alteration(operation, context)
    return code if operation.using is None else f"{code[:-1]}, postgresql_using={operation.using!r})"


def ask_for_expressions(operations: Iterable[ops.MigrateOperation], ask: Ask) -> list[ops.MigrateOperation]:
    """Return `operations`, those that change a type with the expression that PostgreSQL needs for it."""
    found = list(operations)
    for operation in found:
        if isinstance(operation, ops.ModifyTableOps):
            operation.ops = [_with_expression(part, ask) for part in operation.ops]
    return found


def _with_expression(part: ops.MigrateOperation, ask: Ask) -> ops.MigrateOperation:
    if type(part) is not ops.AlterColumnOp or part.modify_type is None:
        return part
    made = RetypeOp(part.table_name, part.column_name)
    vars(made).update(vars(part))
    if _needs_expression(made):
        made.using = ask(part.table_name, part.column_name, part.modify_type, _cast(part))
    return made


def _needs_expression(operation: ops.AlterColumnOp) -> bool:
    old, new = operation.existing_type, operation.modify_type
    return old is not None and new is not None and not _converts(portable_type(old), new)


def _converts(old: TypeEngine[object], new: TypeEngine[object]) -> bool:
    if any(isinstance(each, Enum) and each.native_enum for each in (old, new)):
        return True  # NamedTypesImpl writes it
    if isinstance(old, ARRAY) and isinstance(new, ARRAY):
        return _converts(old.item_type, new.item_type)
    before, after = kind_of(old), kind_of(new)
    return before is after or after is String or {before, after} <= _NUMBERS or (before, after) in _FREELY


def _cast(operation: ops.AlterColumnOp) -> str:
    assert operation.modify_type is not None  # noqa: S101 - the caller looked
    wanted: TypeEngine[object] = operation.modify_type
    return f"{_POSTGRESQL.identifier_preparer.quote(operation.column_name)}::{wanted.compile(dialect=_POSTGRESQL)}"
