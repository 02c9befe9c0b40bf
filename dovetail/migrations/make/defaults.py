"""A new column that takes no NULL needs a value for the rows that exist: a default that is dropped again at once."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, DefaultClause

from dovetail.migrations.make.one_off_values import read_value
from dovetail.migrations.make.questions import Questions


class DropDefaultOp(ops.AlterColumnOp):
    """Drop the default that only the rows of that moment needed; undone with the column."""

    def reverse(self) -> ops.AlterColumnOp:
        """Nothing to put back: the column goes."""
        return DropDefaultOp(self.table_name, self.column_name, schema=self.schema)


def add_one_off_defaults(
    operations: Iterable[ops.MigrateOperation], questions: Questions
) -> list[ops.MigrateOperation]:
    """`operations`, with a default asked for wherever a column is added that needs one."""
    result: list[ops.MigrateOperation] = []
    for operation in operations:
        result.append(operation)
        if isinstance(operation, ops.ModifyTableOps):
            drops = [drop for part in operation.ops if (drop := _ask(operation, part, questions)) is not None]
            if drops:
                result.append(ops.ModifyTableOps(operation.table_name, drops, schema=operation.schema))
    return result


def without_empty(operations: Iterable[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    """`operations` without the reverse of dropping a one-off default."""
    kept = []
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            operation.ops = [part for part in operation.ops if not isinstance(part, DropDefaultOp)]
            if not operation.ops:
                continue
        kept.append(operation)
    return kept


def _ask(modify: ops.ModifyTableOps, part: ops.MigrateOperation, questions: Questions) -> ops.MigrateOperation | None:
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


def _needs_default(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None and column.computed is None and column.identity is None
