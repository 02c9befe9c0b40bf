"""Which plugin a table belongs to: the one place that decides."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table


def owner_of(table: "Table", plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` (their names) that `table` belongs to; None if it is none of them.

    That is the plugin that `Table.info["plugin"]` names, or else the one whose name the table's begins with.
    """
    named = named_owner(table)
    if named is not None:
        return named if named in plugins else None
    return owner_by_name(table.name, plugins)


def owner_of_name(name: str, metadata: "MetaData", plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` that the table called `name` belongs to, which need not be in `metadata`."""
    table = metadata.tables.get(name)
    return owner_by_name(name, plugins) if table is None else owner_of(table, plugins)


def named_owner(table: "Table") -> str | None:
    """Return the plugin that a table names in its `info`, enabled or not; None if it names none."""
    return str(table.info["plugin"]) if "plugin" in table.info else None


def owner_by_name(table: str, plugins: Iterable[str]) -> str | None:
    """Return the one of `plugins` with which the name of a table begins, the longest if there are several."""
    return max((plugin for plugin in plugins if table.startswith(f"{plugin}_")), key=len, default=None)
