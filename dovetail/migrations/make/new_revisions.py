"""Make one new revision a plugin from the operations that autogenerate found."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alembic.operations import ops
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, text
from sqlalchemy.schema import SchemaItem

from dovetail.migrations.bridge.portable import make_key_portable, make_portable, portable_condition, portable_type
from dovetail.migrations.differences.retyping import ask_for_expressions
from dovetail.migrations.history.graph import History, migration_name
from dovetail.migrations.make.change_order import RevisionChanges, order_changes
from dovetail.migrations.make.column_renames import RenameColumnOp, find_renames
from dovetail.migrations.make.one_off_defaults import DropDefaultOp, add_one_off_defaults, without_empty
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.make.questioner import Questioner
from dovetail.migrations.make.revision_names import suggest_name
from dovetail.migrations.make.table_changes import TableChange, key_of, table_changes

WHERE = ("sqlite_where", "postgresql_where")


@dataclass(kw_only=True)
class NewRevision:
    """A revision that is not yet written."""

    plugin: str
    number: int
    slug: str
    upgrade: ops.UpgradeOps
    downgrade: ops.DowngradeOps
    down: tuple[str, ...] = ()  # none for a plugin's first
    depends_on: tuple[str, ...] = ()
    changes: Sequence[TableChange] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Return the name of its file without `.py`: `0002_post_view_count`."""
        return f"{self.number:04d}_{self.slug}"

    @property
    def revision(self) -> str:
        """Return its id: `blog_0002_post_view_count`. A bare `blog_0002` could be given twice."""
        return f"{self.plugin}_{self.name}"


def plan_revisions(
    operations: Iterable[ops.MigrateOperation],
    history: History,
    owners: Owners,
    questions: Questioner,
    *,
    only: Collection[str],
    slug: str | None = None,
) -> list[NewRevision]:
    """Return a revision for each plugin of `only`, two where plugins need each other, in the order of applying.

    Raise MigrationError if a plugin has two latest revisions, or if the changes cannot be ordered.
    """
    found = add_one_off_defaults(find_renames(owned(operations, owners, only), questions), questions)
    found = ask_for_expressions(found, questions.conversion)
    parts = order_changes(table_changes(found, owners.of_name))
    planned: list[NewRevision] = []
    for part in parts:
        planned.append(_revision(part, planned, history, owners, slug))
    return planned


def owned(
    operations: Iterable[ops.MigrateOperation], owners: Owners, plugins: Collection[str]
) -> list[ops.MigrateOperation]:
    """Return the operations on tables of `plugins`."""
    return [each for each in operations if owners.of_name(key_of(each)) in plugins]


def empty_revision(history: History, plugin: str, slug: str | None = None) -> NewRevision:
    """Return a revision to be filled in by hand. Raise MigrationError if the plugin has two latest ones."""
    head = history.head(plugin)
    return NewRevision(
        plugin=plugin,
        number=next_number(history, plugin),
        slug=slug or "custom",
        upgrade=ops.UpgradeOps([]),
        downgrade=ops.DowngradeOps([]),
        down=(head,) if head else (),
    )


def merge_revision(history: History, plugin: str, slug: str | None = None) -> NewRevision | None:
    """Return a revision that joins a plugin's latest ones; None if there is only one."""
    heads = sorted(history.heads(plugin))
    if len(heads) < 2:  # noqa: PLR2004 - there is nothing to join
        return None
    names = "_".join(migration_name(history.scripts[head])[:4] for head in heads)
    return NewRevision(
        plugin=plugin,
        number=next_number(history, plugin),
        slug=slug or f"merge_{names}",
        upgrade=ops.UpgradeOps([]),
        downgrade=ops.DowngradeOps([]),
        down=tuple(heads),
    )


def next_number(history: History, plugin: str) -> int:
    """Return the number after the highest among a plugin's files; `0001_squashed_0004_x` is number four."""
    found = [re.match(r"(?:\d+_squashed_(?=\d))?(\d+)", migration_name(script)) for script in history.of_plugin(plugin)]
    return max((int(number[1]) for number in found if number), default=0) + 1


def _revision(
    part: RevisionChanges, before: Sequence[NewRevision], history: History, owners: Owners, slug: str | None
) -> NewRevision:
    mine = [revision for revision in before if revision.plugin == part.plugin]
    head = mine[-1].revision if mine else history.head(part.plugin)
    number = mine[-1].number + 1 if mine else next_number(history, part.plugin)
    upgrade = ops.UpgradeOps([change.operation for change in part.changes])
    for operation in upgrade.ops:
        _make_existing_types_portable(operation)
    downgrade = upgrade.reverse_into(ops.DowngradeOps([]))
    downgrade.ops = without_empty(downgrade.ops)
    for operation in downgrade.ops:
        _make_portable(operation, history)
    return NewRevision(
        plugin=part.plugin,
        number=number,
        slug=slug or suggest_name(part.changes, first=head is None),
        upgrade=upgrade,
        downgrade=downgrade,
        down=(head,) if head else (),
        depends_on=tuple(sorted(_dependencies(part, before, history, owners))),
        changes=part.changes,
    )


def _dependencies(part: RevisionChanges, before: Sequence[NewRevision], history: History, owners: Owners) -> set[str]:
    """Return the heads of other plugins whose tables this part refers to, or that mention a table that it drops."""
    found = {before[position].revision for position in part.needs if before[position].plugin != part.plugin}
    plugins = {owner for change in part.changes for name in change.outside if (owner := owners.of_name(name))}
    for change in part.changes:
        if isinstance(change.operation, (ops.DropTableOp, ops.RenameTableOp)):
            plugins |= _mentioning(change.operation.table_name, history)
    for plugin in plugins - {part.plugin}:
        new = [revision.revision for revision in before if revision.plugin == plugin]
        latest = new[-1] if new else history.head(plugin)
        if latest is not None:
            found.add(latest)
    return found


def _mentioning(table: str, history: History) -> set[str]:
    pattern = re.compile(rf"""["'.]{re.escape(table)}[."']""")
    return {
        history.plugin_of(script.revision)
        for script in history.scripts.values()
        if Path(script.path).is_file() and pattern.search(Path(script.path).read_text(encoding="utf-8"))
    }


def _make_existing_types_portable(operation: ops.MigrateOperation) -> None:
    """Make the types portable that columns are altered from: they were read from the database."""
    for part in operation.ops if isinstance(operation, ops.ModifyTableOps) else ():
        if isinstance(part, ops.AlterColumnOp) and not isinstance(part, (RenameColumnOp, DropDefaultOp)):
            part.existing_type = portable_type(part.existing_type) if part.existing_type is not None else None


def _make_portable(operation: ops.MigrateOperation, history: History) -> None:
    """Make the operation of a downgrade portable: what it puts back was read from the database."""
    if isinstance(operation, ops.ModifyTableOps):
        for part in operation.ops:
            if isinstance(part, ops.AddColumnOp):
                make_portable(part.column)
            elif isinstance(part, ops.CreateIndexOp):
                part.unique = bool(part.unique)  # SQLite says 1
                part.kw |= _other_condition(part, history)
    elif isinstance(operation, ops.CreateTableOp):
        operation.info = {}
        keys = {name for item in operation.columns for name in _key_columns(item)}
        for item in operation.columns:
            if isinstance(item, Column):
                make_portable(item)
                if item.name in keys:
                    make_key_portable(item)


def _other_condition(index: ops.CreateIndexOp, history: History) -> Mapping[str, object]:
    """Return the condition of an index for the other database, if the file that made it has one for it."""
    for own, other in (WHERE, WHERE[::-1]):
        condition = index.kw.get(own)
        if condition is not None and index.kw.get(other) is None and _say_of(history, str(index.index_name), other):
            return {other: text(portable_condition(str(condition)).replace(":", r"\:"))}
    return {}


def _say_of(history: History, name: str, option: str) -> bool:
    """Return whether a file that names an index has an option, too."""
    files = [Path(script.path) for script in history.scripts.values()]
    texts = (path.read_text(encoding="utf-8") for path in files if path.is_file())
    return any(name in found and option in found for found in texts)


def _key_columns(item: SchemaItem) -> set[str]:
    if isinstance(item, (PrimaryKeyConstraint, ForeignKeyConstraint)):
        return {column.name for column in item.columns}
    return set()
