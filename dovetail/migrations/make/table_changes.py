"""Cut what autogenerate found into changes: operations on one table, with what each needs and gives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from alembic.operations import ops
from sqlalchemy import Constraint, ForeignKeyConstraint

Key = tuple[str, ...]  # ("table", name), ("column", table, name) or ("change", number)
OwnerOf = Callable[[str], str | None]


@dataclass(eq=False, kw_only=True)
class TableChange:
    """An operation on one table, or a part of one, that must stay whole."""

    plugin: str
    table: str
    operation: ops.MigrateOperation
    needs: set[Key] = field(default_factory=set)  # what other changes of the same pass give
    gives: set[Key] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)  # tables it refers to that were there before


def table_changes(operations: Iterable[ops.MigrateOperation], owner_of: OwnerOf) -> list[TableChange]:
    """Cut up what autogenerate found; operations on tables without an owner are left out."""
    changes: list[TableChange] = []
    for operation in operations:
        name = key_of(operation)
        table = name
        if isinstance(operation, ops.RenameTableOp):
            table = _key(operation.schema, str(operation.new_table_name))
        owner = owner_of(name)
        if owner is not None:
            changes.append(_change(owner, table, operation))
    _keep_order_within_tables(changes)
    _drop_tables_last(changes)
    given = {key for change in changes for key in change.gives}
    for change in changes:
        change.outside = {key[1] for key in change.needs - given if key[0] == "table"}
        change.needs &= given
    for change in list(changes):
        changes += separate_foreign_keys(change, lambda constraint, _targets: bool(constraint.use_alter))
    return changes


def key_of(operation: ops.MigrateOperation) -> str:
    """Return the name of the table of an operation, after that of its schema if it has one: `hr.shop_item`."""
    return _key(getattr(operation, "schema", None), str(getattr(operation, "table_name", "")))


def separate_foreign_keys(
    change: TableChange, wanted: Callable[[ForeignKeyConstraint, set[str]], bool]
) -> list[TableChange]:
    """Move foreign keys out of a CREATE TABLE into an ALTER TABLE that comes later: two tables may need each other."""
    create = change.operation
    if not isinstance(create, ops.CreateTableOp):
        return []
    moved = []
    for constraint in [item for item in create.columns if isinstance(item, ForeignKeyConstraint)]:
        targets = target_tables(constraint) - {change.table}
        if targets and wanted(constraint, targets):
            create.columns = [item for item in create.columns if item is not constraint]
            moved.append(_later(change, constraint, targets))
    if moved:
        kept = {target for item in create.columns if isinstance(item, Constraint) for target in _targets_of(item)}
        change.needs = {key for key in change.needs if key[0] != "table" or key[1] in kept}
    return moved


def target_tables(constraint: ForeignKeyConstraint) -> set[str]:
    """Return the tables that a foreign key refers to."""
    return {str(element.target_fullname).rpartition(".")[0] for element in constraint.elements}


def _key(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _change(owner: str, table: str, operation: ops.MigrateOperation) -> TableChange:
    change = TableChange(plugin=owner, table=table, operation=operation)
    if isinstance(operation, ops.CreateTableOp):
        operation.info = {}  # it is for the running program, and would be written into the file
        change.gives.add(("table", table))
        change.needs |= {("table", name) for item in operation.columns for name in _targets_of(item) if name != table}
    elif isinstance(operation, ops.RenameTableOp):
        change.gives.add(("table", table))
    elif isinstance(operation, ops.ModifyTableOps):
        for part in operation.ops:
            if isinstance(part, ops.AddColumnOp):
                change.gives.add(("column", table, part.column.name))
            elif isinstance(part, ops.CreateForeignKeyOp):
                target = _key(part.kw.get("referent_schema"), part.referent_table)
                if target != table:
                    change.needs.add(("table", target))
                    change.needs |= {("column", target, name) for name in part.remote_cols}
    return change


def _targets_of(item: object) -> set[str]:
    return target_tables(item) if isinstance(item, ForeignKeyConstraint) else set()


def _later(change: TableChange, constraint: ForeignKeyConstraint, targets: set[str]) -> TableChange:
    create = change.operation
    assert isinstance(create, ops.CreateTableOp)  # noqa: S101 - the caller looked
    add = ops.CreateForeignKeyOp.from_constraint(constraint)
    add.kw.pop("use_alter", None)  # with it PostgreSQL silently leaves the constraint out
    return TableChange(
        plugin=change.plugin,
        table=change.table,
        operation=ops.ModifyTableOps(create.table_name, [add], schema=create.schema),
        needs={("table", name) for name in targets} | {("table", change.table)},
    )


def _keep_order_within_tables(changes: Sequence[TableChange]) -> None:
    last: dict[str, Key] = {}
    for number, change in enumerate(changes):
        key: Key = ("change", str(number))
        change.gives.add(key)
        if change.table in last:
            change.needs.add(last[change.table])
        last[change.table] = key


def _drop_tables_last(changes: Sequence[TableChange]) -> None:
    """Let a table be dropped only after all that refers to it."""
    letting_go: dict[str, list[TableChange]] = {}
    for change in changes:
        for target in _released(change):
            letting_go.setdefault(target, []).append(change)
    for change in changes:
        if isinstance(change.operation, ops.DropTableOp):
            for other in letting_go.get(change.table, ()):
                if other is not change:
                    change.needs.add(next(key for key in other.gives if key[0] == "change"))


def _released(change: TableChange) -> set[str]:
    operation = change.operation
    if isinstance(operation, ops.DropTableOp):
        constraints = operation.to_table().foreign_key_constraints
    elif isinstance(operation, ops.ModifyTableOps):
        dropped = [part.to_constraint() for part in operation.ops if isinstance(part, ops.DropConstraintOp)]
        constraints = {constraint for constraint in dropped if isinstance(constraint, ForeignKeyConstraint)}
    else:
        return set()
    return {target for constraint in constraints for target in _targets_of(constraint)} - {change.table}
