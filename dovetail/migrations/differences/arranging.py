"""Put the changes of a table into an order that works on both databases."""

from collections.abc import Iterable, Iterator

from alembic.operations import ops
from sqlalchemy import CheckConstraint, Column

from dovetail.database.models import Base
from dovetail.migrations.bridge.alembic_private import is_type_bound
from dovetail.migrations.bridge.postgresql.exclusions import ExclusionOp

GOING = (ops.DropIndexOp, ops.DropConstraintOp)
COMING = (ops.CreateIndexOp, ops.AddConstraintOp)


def arranged(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yield the operations, those on one table in an order in which each finds what it needs.

    An index or constraint goes before its columns do, which would take it along, and comes after them. An index on an
    expression stands in a batch of its own: SQLite makes a table anew with indexes on columns only.
    """
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            made = _checks_that_come_with_types(operation)
            parts = [part for part in operation.ops if not _is_check(part, made)]
            going = [part for part in parts if isinstance(part, GOING)]
            coming = [part for part in parts if isinstance(part, COMING)]
            rest = [part for part in parts if not isinstance(part, (*GOING, *COMING))]
            exclusions = [part for part in rest if isinstance(part, ExclusionOp)]
            yield from (part for part in exclusions if not part.comes)
            yield from _batches(operation, [*going, *(part for part in rest if part not in exclusions), *coming])
            yield from (part for part in exclusions if part.comes)
        else:
            yield operation


def _batches(whole: ops.ModifyTableOps, parts: list[ops.MigrateOperation]) -> Iterator[ops.ModifyTableOps]:
    if all(isinstance(part, (ops.DropIndexOp, ops.CreateIndexOp)) for part in parts):
        first, last = list[ops.MigrateOperation](), list[ops.MigrateOperation]()
    else:
        first = [part for part in parts if isinstance(part, ops.DropIndexOp) and _is_on_expressions(part)]
        last = [part for part in parts if isinstance(part, ops.CreateIndexOp) and _is_on_expressions(part)]
    middle = [part for part in parts if part not in first and part not in last]
    for batch in (first, middle, last):
        if batch:
            yield ops.ModifyTableOps(whole.table_name, batch, schema=whole.schema)


def _is_on_expressions(part: ops.DropIndexOp | ops.CreateIndexOp) -> bool:
    return not all(isinstance(expression, Column) for expression in part.to_index().expressions)


def _is_check(part: ops.MigrateOperation, names: set[str]) -> bool:
    return isinstance(part, ops.CreateCheckConstraintOp) and str(part.constraint_name) in names


def _checks_that_come_with_types(whole: ops.ModifyTableOps) -> set[str]:
    """Return the names of the checks of columns that are added, or get another type: that makes the checks too."""
    table = Base.metadata.tables.get(f"{whole.schema}.{whole.table_name}" if whole.schema else whole.table_name)
    columns = {part.column.name for part in whole.ops if isinstance(part, ops.AddColumnOp)}
    columns |= {
        part.column_name for part in whole.ops if isinstance(part, ops.AlterColumnOp) and part.modify_type is not None
    }
    return {
        str(check.name)
        for check in (table.constraints if table is not None else ())
        if isinstance(check, CheckConstraint) and is_type_bound(check) and columns & set(check.columns.keys())
    }
