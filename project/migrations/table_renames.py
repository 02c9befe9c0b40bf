"""A table that goes and one that comes with the same columns may be one that was renamed: its rows would be lost."""

from collections.abc import Iterable

from alembic.operations import ops
from sqlalchemy import Column

from project.migrations.errors import MigrationError
from project.migrations.questions import Questions


def point_out_table_renames(operations: Iterable[ops.MigrateOperation], questions: Questions) -> None:
    """Ask before a table is dropped whose twin is made. Raises MigrationError, with what to do instead, on a no."""
    operations = list(operations)
    made = {op.table_name: _columns(op.columns) for op in operations if isinstance(op, ops.CreateTableOp)}
    for drop in [op for op in operations if isinstance(op, ops.DropTableOp)]:
        columns = _columns(drop.to_table().columns)
        for name in [name for name, others in made.items() if others == columns]:
            if not questions.may_drop(drop.table_name, name):
                raise MigrationError(
                    f"nothing was written; to rename {drop.table_name}, use makemigrations --empty, "
                    f"write op.rename_table({drop.table_name!r}, {name!r}) into the file, migrate, and run "
                    "makemigrations again"
                )


def _columns(items: Iterable[object]) -> set[tuple[str, object]]:
    return {(item.name, item.type._type_affinity) for item in items if isinstance(item, Column)}  # noqa: SLF001 - SQLAlchemy's own answer to "the same kind of type"
