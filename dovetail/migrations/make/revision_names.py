"""Name revisions as Django does: `initial`, `post_view_count`, `remove_post_title_and_more`."""

from collections.abc import Iterable, Iterator, Sequence

from alembic.operations import ops

from dovetail.migrations.bridge.postgresql.exclusions import ExclusionOp
from dovetail.migrations.differences.arranging import COMING, GOING
from dovetail.migrations.differences.key_reuse import KeyReuseOp
from dovetail.migrations.make.one_off_defaults import DropDefaultOp
from dovetail.migrations.make.table_changes import TableChange

LONGEST = 52  # characters, as in Django's Migration.suggest_name


def suggest_name(changes: Sequence[TableChange], *, first: bool) -> str:
    """Return a name that says what `changes` do."""
    if first and any(isinstance(change.operation, ops.CreateTableOp) for change in changes):
        return "initial"
    fragments = list(dict.fromkeys(fragment.lower() for change in changes for fragment in _fragments(change, changes)))
    name, *rest = fragments or ["auto"]
    for fragment in rest:
        if len(name) + len(fragment) + 1 > LONGEST:
            return f"{name}_and_more"
        name = f"{name}_{fragment}"
    return name


def _fragments(change: TableChange, changes: Sequence[TableChange]) -> Iterator[str]:
    short = change.table.rpartition(".")[2].removeprefix(f"{change.plugin}_")
    operation = change.operation
    if isinstance(operation, ops.CreateTableOp):
        yield short
    elif isinstance(operation, ops.DropTableOp):
        yield f"delete_{short}"
    elif isinstance(operation, ops.RenameTableOp):
        yield f"rename_{operation.table_name.removeprefix(f'{change.plugin}_')}_{short}"
    elif isinstance(operation, KeyReuseOp):
        yield f"{short}_{'never_' * operation.never}reuses_keys"
    elif isinstance(operation, ExclusionOp):
        yield f"{short}_exclusions"
    elif isinstance(operation, ops.AlterColumnOp):
        yield _of_part(operation, short)
    elif isinstance(operation, ops.ModifyTableOps) and not _is_new(change.table, changes):
        changed = _columns_that_come_or_go(operation.ops)
        made_anew = _made_anew(operation.ops)
        for part in operation.ops:
            if isinstance(part, DropDefaultOp):
                continue  # it belongs to the column that came before it
            name = _name_of(part)
            # An index or a constraint on a column that comes or goes is no news beside the column.
            if name in made_anew:
                yield f"alter_{name}"
            elif (
                isinstance(part, (ops.AddColumnOp, ops.DropColumnOp, ops.AlterColumnOp))
                or not _columns_of(part) & changed
            ):
                yield _of_part(part, short)


def _of_part(part: ops.MigrateOperation, table: str) -> str:
    if isinstance(part, ops.AddColumnOp):
        return f"{table}_{part.column.name}"
    if isinstance(part, ops.DropColumnOp):
        return f"remove_{table}_{part.column_name}"
    if isinstance(part, ops.AlterColumnOp):
        renamed = part.modify_name is not None
        return (
            f"rename_{part.column_name}_{table}_{part.modify_name}" if renamed else f"alter_{table}_{part.column_name}"
        )
    if name := _name_of(part):
        return f"{'remove_' * isinstance(part, GOING)}{name}"
    return f"alter_{table}"


def _made_anew(parts: Iterable[ops.MigrateOperation]) -> set[str | None]:
    """Return the names of the indexes and constraints that go and come again."""
    parts = list(parts)
    gone, come = ({_name_of(part) for part in parts if isinstance(part, kind)} for kind in (GOING, COMING))
    return gone & come


def _name_of(part: ops.MigrateOperation) -> str | None:
    """Return the name of the index or constraint that comes or goes."""
    if isinstance(part, (ops.CreateIndexOp, ops.DropIndexOp)):
        return str(part.index_name)
    return str(part.to_constraint().name) if isinstance(part, (ops.AddConstraintOp, ops.DropConstraintOp)) else None


def _is_new(table: str, changes: Iterable[TableChange]) -> bool:
    return any(isinstance(change.operation, ops.CreateTableOp) and change.table == table for change in changes)


def _columns_that_come_or_go(parts: Iterable[ops.MigrateOperation]) -> set[str]:
    added = {str(part.column.name) for part in parts if isinstance(part, ops.AddColumnOp)}
    return added | {part.column_name for part in parts if isinstance(part, ops.DropColumnOp)}


def _columns_of(part: ops.MigrateOperation) -> set[str]:
    if isinstance(part, (ops.CreateIndexOp, ops.DropIndexOp)):
        return {str(column.name) for column in part.to_index().columns}
    if isinstance(part, (ops.AddConstraintOp, ops.DropConstraintOp)):
        return {str(column) for column in getattr(part.to_constraint(), "column_keys", ())}
    return set()
