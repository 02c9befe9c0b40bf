"""Cuts what autogenerate found into units: operations on one table, with what each needs and gives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from alembic.operations import ops
from sqlalchemy import Constraint, ForeignKeyConstraint

Key = tuple[str, ...]  # ("table", name), ("column", table, name) or ("unit", number)
OwnerOf = Callable[[str], str | None]


@dataclass(eq=False, kw_only=True)
class Unit:
    """An operation on one table, or a part of one, that must stay whole."""

    plugin: str
    table: str
    operation: ops.MigrateOperation
    needs: set[Key] = field(default_factory=set)  # what other units of the same pass give
    gives: set[Key] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)  # tables it refers to that were there before


def units_of(operations: Iterable[ops.MigrateOperation], owner_of: OwnerOf) -> list[Unit]:
    """Cut up what autogenerate found; operations on tables without an owner are left out."""
    units: list[Unit] = []
    for operation in operations:
        name = str(getattr(operation, "table_name", ""))
        table = operation.new_table_name if isinstance(operation, ops.RenameTableOp) else name
        owner = owner_of(name)
        if owner is not None:
            units.append(_unit(owner, table, operation))
    _keep_order_within_tables(units)
    _drop_tables_last(units)
    given = {key for unit in units for key in unit.gives}
    for unit in units:
        unit.outside = {key[1] for key in unit.needs - given if key[0] == "table"}
        unit.needs &= given
    for unit in list(units):
        units += break_out_foreign_keys(unit, lambda constraint, _targets: bool(constraint.use_alter))
    return units


def break_out_foreign_keys(unit: Unit, wanted: Callable[[ForeignKeyConstraint, set[str]], bool]) -> list[Unit]:
    """Move foreign keys out of a CREATE TABLE into an ALTER TABLE that comes later: two tables may need each other."""
    create = unit.operation
    if not isinstance(create, ops.CreateTableOp):
        return []
    moved = []
    for constraint in [item for item in create.columns if isinstance(item, ForeignKeyConstraint)]:
        targets = target_tables(constraint) - {unit.table}
        if targets and wanted(constraint, targets):
            create.columns = [item for item in create.columns if item is not constraint]
            moved.append(_later(unit, constraint, targets))
    if moved:
        kept = {target for item in create.columns if isinstance(item, Constraint) for target in _targets_of(item)}
        unit.needs = {key for key in unit.needs if key[0] != "table" or key[1] in kept}
    return moved


def target_tables(constraint: ForeignKeyConstraint) -> set[str]:
    """Return the tables that a foreign key refers to."""
    return {str(element.target_fullname).rpartition(".")[0] for element in constraint.elements}


def _unit(owner: str, table: str, operation: ops.MigrateOperation) -> Unit:
    unit = Unit(plugin=owner, table=table, operation=operation)
    if isinstance(operation, ops.CreateTableOp):
        operation.info = {}  # it is for the running program, and would be written into the file
        unit.gives.add(("table", table))
        unit.needs |= {("table", name) for item in operation.columns for name in _targets_of(item) if name != table}
    elif isinstance(operation, ops.RenameTableOp):
        unit.gives.add(("table", table))
    elif isinstance(operation, ops.ModifyTableOps):
        for part in operation.ops:
            if isinstance(part, ops.AddColumnOp):
                unit.gives.add(("column", table, part.column.name))
            elif isinstance(part, ops.CreateForeignKeyOp) and part.referent_table != table:
                unit.needs.add(("table", part.referent_table))
                unit.needs |= {("column", part.referent_table, name) for name in part.remote_cols}
    return unit


def _targets_of(item: object) -> set[str]:
    return target_tables(item) if isinstance(item, ForeignKeyConstraint) else set()


def _later(unit: Unit, constraint: ForeignKeyConstraint, targets: set[str]) -> Unit:
    create = unit.operation
    assert isinstance(create, ops.CreateTableOp)  # noqa: S101 - the caller looked
    add = ops.CreateForeignKeyOp.from_constraint(constraint)
    add.kw.pop("use_alter", None)  # with it PostgreSQL silently leaves the constraint out
    return Unit(
        plugin=unit.plugin,
        table=unit.table,
        operation=ops.ModifyTableOps(create.table_name, [add], schema=create.schema),
        needs={("table", name) for name in targets} | {("table", unit.table)},
    )


def _keep_order_within_tables(units: Sequence[Unit]) -> None:
    last: dict[str, Key] = {}
    for number, unit in enumerate(units):
        key: Key = ("unit", str(number))
        unit.gives.add(key)
        if unit.table in last:
            unit.needs.add(last[unit.table])
        last[unit.table] = key


def _drop_tables_last(units: Sequence[Unit]) -> None:
    """Let a table be dropped only after all that refers to it."""
    letting_go: dict[str, list[Unit]] = {}
    for unit in units:
        for target in _released(unit):
            letting_go.setdefault(target, []).append(unit)
    for unit in units:
        if isinstance(unit.operation, ops.DropTableOp):
            for other in letting_go.get(unit.table, ()):
                if other is not unit:
                    unit.needs.add(next(key for key in other.gives if key[0] == "unit"))


def _released(unit: Unit) -> set[str]:
    operation = unit.operation
    if isinstance(operation, ops.DropTableOp):
        constraints = operation.to_table().foreign_key_constraints
    elif isinstance(operation, ops.ModifyTableOps):
        dropped = [part.to_constraint() for part in operation.ops if isinstance(part, ops.DropConstraintOp)]
        constraints = {constraint for constraint in dropped if isinstance(constraint, ForeignKeyConstraint)}
    else:
        return set()
    return {target for constraint in constraints for target in _targets_of(constraint)} - {unit.table}
