"""Turn a dropped and a created table with the same columns into a rename, if the author says so."""

from collections.abc import Iterable

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from sqlalchemy import Column

from dovetail.database.drivers.sqlalchemy_private_statements import kind_of
from dovetail.errors import MigrationError
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.make.questioner import Questioner
from dovetail.migrations.make.table_changes import key_of


class RenameTableOp(ops.RenameTableOp):
    """ALTER TABLE .. RENAME; Alembic's own operation cannot be reversed or written into a file."""

    def reverse(self) -> "RenameTableOp":
        """Return the rename back."""
        return RenameTableOp(self.new_table_name, self.table_name, schema=self.schema)


@renderers.dispatch_for(RenameTableOp)
def _render(_context: AutogenContext, operation: RenameTableOp) -> str:
    schema = f", schema={operation.schema!r}" if operation.schema else ""
    return f"op.rename_table({operation.table_name!r}, {operation.new_table_name!r}{schema})"


def find_table_renames(
    operations: Iterable[ops.MigrateOperation], owners: Owners, questions: Questioner
) -> list[RenameTableOp]:
    """Ask of each table that goes whether it is one that comes. Raise MigrationError if they belong to two plugins."""
    operations = list(operations)
    made = {(op.schema, op.table_name): _columns(op.columns) for op in operations if isinstance(op, ops.CreateTableOp)}
    found: list[RenameTableOp] = []
    for drop in [op for op in operations if isinstance(op, ops.DropTableOp)]:
        columns = _columns(drop.to_table().columns)
        for schema, name in [key for key, others in made.items() if others == columns and key[0] == drop.schema]:
            if questions.is_table_rename(drop.table_name, name):
                rename = RenameTableOp(drop.table_name, name, schema=schema)
                _see_that_it_stays_in_its_plugin(rename, owners)
                found.append(rename)
                del made[schema, name]
                break
    return found


def _see_that_it_stays_in_its_plugin(rename: RenameTableOp, owners: Owners) -> None:
    old, new = rename.table_name, str(rename.new_table_name)
    before, after = owners.of_name(key_of(rename)), owners.of_name(key_of(rename.reverse()))
    if before != after:
        raise MigrationError(
            f"{old} belongs to {before} and {new} to {after}, whose migrations each say what is theirs; write "
            f"op.rename_table({old!r}, {new!r}) into an empty migration of {after} that depends on the latest of "
            f"{before}, migrate, and run makemigrations again"
        )


def _columns(items: Iterable[object]) -> set[tuple[str, object]]:
    return {(item.name, kind_of(item.type)) for item in items if isinstance(item, Column)}
