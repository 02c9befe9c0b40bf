"""Turn a dropped and an added column of one type into a rename, if the author says so."""

from collections.abc import Iterable, Sequence

from alembic.operations import ops
from sqlalchemy import Column

from dovetail.database.drivers.sqlalchemy_private_statements import kind_of
from dovetail.migrations.bridge.portable import portable_type
from dovetail.migrations.make.questioner import Questioner


class RenameColumnOp(ops.AlterColumnOp):
    """ALTER TABLE .. RENAME COLUMN; Alembic's own operation forgets the new name when it is reversed."""

    def reverse(self) -> "RenameColumnOp":
        """Return the rename back."""
        assert self.modify_name is not None  # noqa: S101 - a rename has a new name
        return RenameColumnOp(
            self.table_name,
            self.modify_name,
            schema=self.schema,
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
            modify_name=self.column_name,
        )


def find_renames(operations: Iterable[ops.MigrateOperation], questions: Questioner) -> list[ops.MigrateOperation]:
    """Return `operations`, with each drop and add that was a rename turned into a RenameColumnOp."""
    result: list[ops.MigrateOperation] = []
    for operation in operations:
        result += _in_table(operation, questions) if isinstance(operation, ops.ModifyTableOps) else [operation]
    return result


def _in_table(modify: ops.ModifyTableOps, questions: Questioner) -> list[ops.MigrateOperation]:
    drops = [part for part in modify.ops if isinstance(part, ops.DropColumnOp)]
    rest, renames = list(modify.ops), list[ops.MigrateOperation]()
    for add in [part for part in modify.ops if isinstance(part, ops.AddColumnOp)]:
        for drop in drops:
            old = drop.to_column()
            new = add.column.name
            if new != old.name and _alike(old, add.column) and questions.is_rename(modify.table_name, old.name, new):
                renames.append(_rename(modify, old, add.column))
                rest = [part for part in rest if part is not add and part is not drop]
                drops.remove(drop)
                break
    if not renames:
        return [modify]
    # SQLite cannot rename a column and index its new name in one batch: what falls away goes first, what is new last.
    early = [part for part in rest if isinstance(part, (ops.DropIndexOp, ops.DropConstraintOp))]
    late = [part for part in rest if part not in early]
    return [*_modify(modify, early), *renames, *_modify(modify, late)]


def _alike(old: Column[object], new: Column[object]) -> bool:
    before, after = portable_type(old.type), new.type
    same = kind_of(before) is kind_of(after)
    return same and getattr(before, "length", None) == getattr(after, "length", None) and old.nullable == new.nullable


def _rename(modify: ops.ModifyTableOps, old: Column[object], new: Column[object]) -> RenameColumnOp:
    return RenameColumnOp(
        modify.table_name,
        old.name,
        schema=modify.schema,
        existing_type=new.type,
        existing_nullable=old.nullable,
        modify_name=new.name,
    )


def _modify(modify: ops.ModifyTableOps, parts: Sequence[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    return [ops.ModifyTableOps(modify.table_name, parts, schema=modify.schema)] if parts else []
