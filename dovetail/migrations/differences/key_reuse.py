"""Find tables in which SQLite may use a key twice; the change is written as `op.batch_alter_table`."""

from collections.abc import Iterable, Iterator

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import Connection, Table, inspect, text

from dovetail.migrations.bridge.sqlite.keys import OPTION, never_reuses_keys


class KeyReuseOp(ops.AlterTableOp):
    """Make a table anew on SQLite, with AUTOINCREMENT or without; nothing on PostgreSQL, which gives no key twice."""

    def __init__(self, table_name: str, *, never: bool, schema: str | None = None) -> None:
        super().__init__(table_name, schema=schema)
        self.never = never

    def reverse(self) -> "KeyReuseOp":
        """Return the way back."""
        return KeyReuseOp(self.table_name, never=not self.never, schema=self.schema)


@renderers.dispatch_for(KeyReuseOp)
def _render(_context: AutogenContext, operation: KeyReuseOp) -> list[str]:
    options = f"table_kwargs={{{OPTION!r}: {operation.never}}}"
    return [f"with op.batch_alter_table({operation.table_name!r}, {options}):", "    pass", ""]


def key_reuse_changes(connection: Connection, tables: Iterable[Table]) -> Iterator[KeyReuseOp]:
    """Yield an operation for each table that has AUTOINCREMENT and should not, or the other way round."""
    if connection.dialect.name != "sqlite":
        return

    def rows(statement: str, **parameters: str) -> list[tuple[str, ...]]:
        return [tuple(row) for row in connection.execute(text(statement), parameters)]

    names = set(inspect(connection).get_table_names())
    for table in tables:
        wanted = bool(table.dialect_options["sqlite"]["autoincrement"])
        if table.schema is None and table.name in names and wanted != never_reuses_keys(rows, table.name):
            yield KeyReuseOp(table.name, never=wanted)
