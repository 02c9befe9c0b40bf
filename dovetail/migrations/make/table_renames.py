"""Turns a dropped and a created table with the same columns into a rename, if the author says that it was one."""

from collections.abc import Iterable

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import Column

from dovetail.database.drivers.sqlalchemy_private import kind_of
from dovetail.errors import MigrationError
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.make.questioner import Questioner


class RenameTableOp(ops.RenameTableOp):
    """ALTER TABLE .. RENAME; Alembic's own operation cannot be reversed or written into a file."""

    def reverse(self) -> "RenameTableOp":
        """Return the rename back."""
        return RenameTableOp(self.new_table_name, self.table_name, schema=self.schema)


@renderers.dispatch_for(RenameTableOp)
def _render(_context: AutogenContext, operation: RenameTableOp) -> str:
    return f"op.rename_table({operation.table_name!r}, {operation.new_table_name!r})"


def find_table_renames(
    operations: Iterable[ops.MigrateOperation], owners: Owners, questions: Questioner
) -> list[RenameTableOp]:
    """Ask of each table that goes whether it is one that comes. Raise MigrationError if they belong to two plugins."""
    operations = list(operations)
    made = {op.table_name: _columns(op.columns) for op in operations if isinstance(op, ops.CreateTableOp)}
    found: list[RenameTableOp] = []
    for drop in [op for op in operations if isinstance(op, ops.DropTableOp)]:
        columns = _columns(drop.to_table().columns)
        for name in [name for name, others in made.items() if others == columns]:
            if questions.is_table_rename(drop.table_name, name):
                _see_that_it_stays_in_its_plugin(drop.table_name, name, owners)
                found.append(RenameTableOp(drop.table_name, name))
                del made[name]
                break
    return found


def _see_that_it_stays_in_its_plugin(old: str, new: str, owners: Owners) -> None:
    before, after = owners.of_name(old), owners.of_name(new)
    if before != after:
        raise MigrationError(
            f"{old} belongs to {before} and {new} to {after}, whose migrations each say what is theirs; write "
            f"op.rename_table({old!r}, {new!r}) into an empty migration of {after} that depends on the latest of "
            f"{before}, migrate, and run makemigrations again"
        )


def _columns(items: Iterable[object]) -> set[tuple[str, object]]:
    return {(item.name, kind_of(item.type)) for item in items if isinstance(item, Column)}
