"""One-off defaults: the value that existing rows get in a new column that takes no NULL, dropped again at once."""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial
from uuid import UUID

from alembic.operations import ops
from sqlalchemy import JSON, Column, DefaultClause, Enum, false, true
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.database.column_types import utcnow
from dovetail.migrations.make.questioner import Questioner, ServerDefault


class DropDefaultOp(ops.AlterColumnOp):
    """Drop the default that only the rows of that moment needed; undone with the column."""

    def reverse(self) -> ops.AlterColumnOp:
        """Return an operation that `without_empty` leaves out: the column goes with its default."""
        return DropDefaultOp(self.table_name, self.column_name, schema=self.schema)


def add_one_off_defaults(
    operations: Iterable[ops.MigrateOperation], questions: Questioner
) -> list[ops.MigrateOperation]:
    """Return `operations`, with a default that was asked for wherever an added column needs one."""
    result: list[ops.MigrateOperation] = []
    for operation in operations:
        result.append(operation)
        if isinstance(operation, ops.ModifyTableOps):
            drops = [drop for part in operation.ops if (drop := _ask(operation, part, questions)) is not None]
            if drops:
                result.append(ops.ModifyTableOps(operation.table_name, drops, schema=operation.schema))
    return result


def without_empty(operations: Iterable[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    """Return `operations` without the reverse of dropping a one-off default."""
    kept = []
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            operation.ops = [part for part in operation.ops if not isinstance(part, DropDefaultOp)]
            if not operation.ops:
                continue
        kept.append(operation)
    return kept


def read_value(type_: TypeEngine[object], text: str) -> ServerDefault:
    """Return `text` as a `server_default` of the type. Raise ValueError, which says what was expected.

    SQLite would take any text for any type, and the first server to read the row would fail.
    """
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    if isinstance(type_, Enum):
        return _read_choice(type_, text)
    python_type = dict if isinstance(type_, JSON) else _python_type(type_)
    expected, read = _READERS.get(python_type, ("text", str))
    try:
        value = read(text.strip() if python_type is not str else text)
    except (ValueError, KeyError, InvalidOperation):
        raise ValueError(f"expected {expected}, found {text!r}") from None
    length = getattr(type_, "length", None) if python_type is str else None
    if length is not None and len(text) > length:
        raise ValueError(f"expected {length} characters at most, found {len(text)}")
    return value


def _ask(modify: ops.ModifyTableOps, part: ops.MigrateOperation, questions: Questioner) -> ops.MigrateOperation | None:
    if not isinstance(part, ops.AddColumnOp) or not _needs_default(part.column):
        return None
    column = part.column
    answer = questions.one_off_default(modify.table_name, column.name, partial(read_value, column.type))
    if answer is None:
        return None
    column.server_default = DefaultClause(answer)
    return DropDefaultOp(
        modify.table_name,
        column.name,
        schema=modify.schema,
        existing_type=column.type,
        existing_nullable=False,
        modify_server_default=None,
    )


def _needs_default(column: Column[object]) -> bool:
    return not column.nullable and column.server_default is None and column.computed is None and column.identity is None


def _read_choice(type_: Enum, text: str) -> str:
    if text not in type_.enums:
        raise ValueError(f"expected one of {', '.join(type_.enums)}, found {text!r}")
    return text


def _python_type(type_: TypeEngine[object]) -> type[object]:
    try:
        return type_.python_type
    except NotImplementedError:  # a type of somebody's own, which need not say
        return object


def _number(text: str) -> str:
    if not Decimal(text).is_finite():
        raise ValueError
    return text


def _now(text: str) -> utcnow:
    if text.lower() != "now":
        raise ValueError
    return utcnow()


_BOOLEANS = {"true": true, "yes": true, "1": true, "false": false, "no": false, "0": false}

_READERS: dict[type[object], tuple[str, Callable[[str], ServerDefault]]] = {
    bool: ("true or false", lambda text: _BOOLEANS[text.lower()]()),
    int: ("a whole number", lambda text: str(int(text))),
    float: ("a number", _number),
    Decimal: ("a number", _number),
    datetime: ("`now`, or the default of your choice written into the file", _now),
    date: ("a date such as 2026-01-31", lambda text: date.fromisoformat(text).isoformat()),
    time: ("a time such as 12:30:00", lambda text: time.fromisoformat(text).isoformat()),
    UUID: ("a UUID", lambda text: UUID(text).hex),
    dict: ("JSON", lambda text: json.dumps(json.loads(text))),
}
