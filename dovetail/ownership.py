"""Find the plugin that owns a table, and check tables: no other module decides it."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

    from dovetail.discovery import InstalledPlugin


def owner_of(table: "Table", plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` (names) that `table` belongs to; None if it belongs to none of them.

    `Table.info["plugin"]` names it, or else the prefix of the table's name.
    """
    named = named_owner(table)
    if named is not None:
        return named if named in plugins else None
    return owner_by_name(table.name, plugins)


def owner_of_name(name: str, metadata: "MetaData", plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` that the table called `name` belongs to; it need not be in `metadata`."""
    table = metadata.tables.get(name)
    return owner_by_name(name, plugins) if table is None else owner_of(table, plugins)


def named_owner(table: "Table") -> str | None:
    """Return the plugin that a table names in its `info`, enabled or not; None if it names none."""
    return str(table.info["plugin"]) if "plugin" in table.info else None


def owner_by_name(table: str, plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` that is the prefix of a table's name, the longest if there are several."""
    return max((plugin for plugin in plugins if table.startswith(f"{plugin}_")), key=len, default=None)


def misplaced(table: "Table", plugin: str, plugins: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each reason why the table of a model cannot belong to `plugin`, which lists the model."""
    yield from _ambiguous(table, plugin)
    owner = owner_of(table, plugins)
    if named_owner(table) is not None and owner != plugin:
        yield (
            f"plugin {plugin!r}: the table {table.name!r} says in its info that it belongs to {named_owner(table)!r}; "
            f"correct it, or list its model there"
        )
    elif named_owner(table) is None and not table.name.startswith(f"{plugin}_"):
        yield _without_owner(table, plugin)
    elif named_owner(table) is None:
        for other in plugins:
            if f"{table.name}_".startswith(f"{other}_") and other.startswith(f"{plugin}_"):
                yield (
                    f"plugin {other!r} has a name with which the table {table.name!r} of the plugin {plugin!r} "
                    "begins; rename the plugin"
                )


def unlisted_models(installed: "Mapping[str, InstalledPlugin]") -> list[str]:
    """Return a sentence for each model that lies in a plugin and is not listed by it."""
    # Imported here: load_models has paid for it, `help` must not.
    from dovetail.database.models import Base

    listed = {model for entry in installed.values() for model in entry.plugin.models}
    others = {mapper.class_ for mapper in Base.registry.mappers} - listed
    unlisted = sorted(others, key=lambda model: model.__name__)
    return [
        f"plugin {entry.plugin.name!r} does not list its model {model.__name__}; add "
        f"'{model.__module__}:{model.__name__}' to the models in {entry.package}.plugin"
        for entry in installed.values()
        for model in unlisted
        if model.__module__.startswith(f"{entry.package}.")
    ]


def replaced_columns(models: "Iterable[type[object]]") -> Iterator[str]:
    """Yield a sentence for each model with a column that another mapping of its table has replaced.

    Statements of such a model read and write another column than the table has, and so may return other rows.
    """
    from sqlalchemy import Column, Table, inspect

    for model in models:
        for column in inspect(model, raiseerr=True).columns:
            table = column.table if isinstance(column, Column) else None
            if isinstance(table, Table) and table.columns.get(column.key) is not column:
                yield (
                    f"the column {column.name!r} of {model.__name__} was replaced by another model of the table "
                    f"{table.fullname!r} with extend_existing; map that one by __table__ = {model.__name__}.__table__, "
                    "and declare the columns here"
                )


def unowned_tables(installed: "Mapping[str, InstalledPlugin]") -> Iterator[str]:
    """Yield a sentence for each table without a model (of an association) that belongs to no plugin."""
    # Imported here: load_models has paid for it, `help` must not.
    from sqlalchemy import Table

    for entry in installed.values():
        models = {model.__table__ for model in entry.plugin.models}
        modules = sorted({model.__module__ for model in entry.plugin.models})
        tables = {
            value for module in modules for value in vars(sys.modules[module]).values() if isinstance(value, Table)
        }
        for table in sorted(tables - models, key=lambda table: table.name):
            if owner_of(table, installed) is None:
                yield _without_owner(table, entry.plugin.name)


def _ambiguous(table: "Table", plugin: str) -> Iterator[str]:
    """Yield a sentence for each ambiguous value of `managed` and `read_only` in the `info` of a table."""
    for name in ("managed", "read_only"):
        if not isinstance(found := table.info.get(name, False), bool):
            yield (
                f"plugin {plugin!r}: the info of the table {table.name!r} has {found!r} as {name}, expected True or "
                "False"
            )
    if table.info.get("read_only") is True and table.info.get("managed", True) is True:
        yield (
            f"plugin {plugin!r}: the table {table.name!r} is read_only, and migrations make it; say "
            "'managed': False in its info too, or leave read_only out"
        )


def _without_owner(table: "Table", plugin: str) -> str:
    if named := named_owner(table):
        return (
            f"plugin {plugin!r}: the table {table.name!r} says in its info that it belongs to {named!r}, which is not "
            "enabled; enable it, or correct the name"
        )
    return f"plugin {plugin!r}: the table {table.name!r} lacks the plugin's prefix; name it '{plugin}_{table.name}'"
