"""Compare exclusion constraints, which SQLAlchemy does not reflect and Alembic does not compare."""

from collections.abc import Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from alembic.util import PriorityDispatchResult
from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from dovetail.migrations.bridge.alembic_private import compiler_of
from dovetail.migrations.bridge.postgresql import probe

_NAMES = text("SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:table) AND contype = 'x' ORDER BY 1")


class ExclusionOp(ops.AlterTableOp):
    """Add an exclusion constraint or drop it: by a statement, as Alembic writes none that is on an expression."""

    def __init__(self, table_name: str, clause: str, drop: str, *, comes: bool, schema: str | None = None) -> None:
        super().__init__(table_name, schema=schema)
        self.clause, self.drop, self.comes = clause, drop, comes

    def reverse(self) -> "ExclusionOp":
        """Return the way back."""
        return ExclusionOp(self.table_name, self.clause, self.drop, comes=not self.comes, schema=self.schema)


@renderers.dispatch_for(ExclusionOp)
def _render(_context: AutogenContext, operation: ExclusionOp) -> str:
    statement = (operation.clause if operation.comes else operation.drop).replace(":", r"\:")
    return f"op.execute({statement!r})"


def compare(
    context: AutogenContext,
    changes: ops.ModifyTableOps,
    _schema: str | None,
    _table: str,
    found: Table | None,
    declared: Table | None,
) -> PriorityDispatchResult:
    """Add to `changes` what makes the exclusion constraints as the model has them; Alembic calls this."""
    if found is None or declared is None:  # what comes or goes whole need not be compared
        return PriorityDispatchResult.CONTINUE
    assert context.connection is not None  # noqa: S101 - there is one to compare with
    changes.ops += list(_changes(context.connection, declared))
    return PriorityDispatchResult.CONTINUE


def _changes(connection: Connection, declared: Table) -> Iterator[ExclusionOp]:
    table, quote = probe.sql_name(declared, connection.dialect), connection.dialect.identifier_preparer.quote

    def operation(name: str, clause: str, *, comes: bool) -> ExclusionOp:
        add, drop = f"ALTER TABLE {table} ADD {clause}", f"ALTER TABLE {table} DROP CONSTRAINT {quote(name)}"
        return ExclusionOp(declared.name, add, drop, comes=comes, schema=declared.schema)

    wanted = {str(each.name): each for each in declared.constraints if isinstance(each, ExcludeConstraint)}
    for name in connection.scalars(_NAMES, {"table": table}):
        if name in wanted and probe.is_kept_constraint(connection, declared, name, wanted[name]):
            del wanted[name]
        else:
            kept = probe.kept_constraint(connection, table, name)
            yield operation(name, f"CONSTRAINT {quote(name)} {kept}", comes=False)
    for name, constraint in wanted.items():
        yield operation(name, compiler_of(connection.dialect).process(constraint), comes=True)
