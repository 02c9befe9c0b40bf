"""Check foreign keys: the plugins that they lead to, and the indexes of their columns.

    author_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), index=True)

Neither database makes an index for a foreign key. Without one, deleting a row (or changing its key) reads the whole
table that refers to it, and so does following the relation back.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Table

from dovetail.database.models import Base, is_managed
from dovetail.database.search.indexes import finds_rows_of
from dovetail.ownership import owner_of, owner_of_name
from dovetail.plugin import CheckMessage, Plugin, error, warning

UNINDEXED = "unindexed"  # in the `info` of a column: its author does without an index


def check_foreign_keys(plugins: Sequence[Plugin]) -> Iterator[CheckMessage]:
    """Yield the foreign keys to plugins that `depends_on` does not name, and those without an index."""
    by_name = {plugin.name: plugin for plugin in plugins}
    for table in Base.metadata.tables.values():
        if owner := owner_of(table, by_name):
            for key in table.foreign_keys:
                yield from _check_target(by_name[owner], table, key, by_name)
            if is_managed(table):  # the indexes of other tables are not declared here
                yield from _check_indexes(table)


def _check_target(
    plugin: Plugin, table: Table, key: ForeignKey, plugins: Mapping[str, Plugin]
) -> Iterator[CheckMessage]:
    target = key.target_fullname.rpartition(".")[0]
    column = f"{table.name}.{key.parent.name}"
    owner = owner_of_name(target, Base.metadata, plugins)
    if owner is None:
        tables = Base.metadata.tables
        near = get_close_matches(target, tables, n=1) or [
            name for name in tables if name.endswith(f"_{target.lower()}")
        ]
        yield error(
            "kernel.E002",
            f"{column} points to the table {target!r}, which no enabled plugin has.",
            f"did you mean {near[0]!r}?" if near else "enable the plugin that has it, or correct the name",
        )
    elif owner != plugin.name and owner not in plugin.depends_on:
        yield error(
            "kernel.E003",
            f"{column} points to the plugin {owner!r}, which {plugin.name!r} does not depend on.",
            f"add {owner!r} to depends_on in the plugin.py of {plugin.name!r}",
        )


def _check_indexes(table: Table) -> Iterator[CheckMessage]:
    for key in sorted(table.foreign_key_constraints, key=lambda one: tuple(one.column_keys)):
        if not finds_rows_of(key) and not all(column.info.get(UNINDEXED) for column in key.columns):
            columns = ", ".join(column.name for column in key.columns)
            target = key.elements[0].target_fullname.rpartition(".")[0]
            yield warning(
                "kernel.W041",
                f"{table.name}: no index begins with the foreign key {columns}: the whole table is read where a row of "
                f"{target} is deleted.",
                f"{_advice(table, key)} and run makemigrations, or accept it with info={{{UNINDEXED!r}: True}}",
            )


def _advice(table: Table, key: ForeignKeyConstraint) -> str:
    names = [column.name for column in key.columns]
    if len(names) == 1:
        return f"add index=True to the column {names[0]}"
    listed = ", ".join(f'"{name}"' for name in names)
    return f'add Index("ix_{table.name}_{"_".join(names)}", {listed}) to the table'
