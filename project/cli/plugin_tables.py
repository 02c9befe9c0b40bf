"""The tables of the enabled plugins, those that are referred to first."""

from collections.abc import Iterable
from difflib import get_close_matches

import click
from sqlalchemy import Table

from project.plugin import Context


def plugin_tables(context: Context) -> dict[str, Table]:
    """Every table of an enabled plugin by its name, after the tables that it refers to."""
    found: dict[str, Table] = {}
    for metadata in dict.fromkeys(model.metadata for plugin in context.plugins for model in plugin.models):
        found |= {table.name: table for table in metadata.sorted_tables if owner(table.name, context)}
    return found


def owner(table: str, context: Context) -> str | None:
    """The plugin that a table belongs to by its prefix; None if none of the enabled ones."""
    prefixes = [plugin.name for plugin in context.plugins if table.startswith(f"{plugin.name}_")]
    return max(prefixes, key=len, default=None)


def choose_tables(context: Context, names: Iterable[str]) -> set[str]:
    """The tables that `names` of tables and of plugins stand for. Raises click.BadParameter for one that is neither."""
    tables = plugin_tables(context)
    chosen: set[str] = set()
    for name in names:
        matching = {table for table in tables if name in (table, owner(table, context))}
        if not matching and name not in {plugin.name for plugin in context.plugins}:
            raise click.BadParameter(unknown(name, [*tables, *(plugin.name for plugin in context.plugins)]))
        chosen |= matching
    return chosen


def unknown(name: str, known: Iterable[str]) -> str:
    """That `name` is no table, nor a plugin, and which one it might have meant."""
    nearest = get_close_matches(name, list(known), n=1)
    return f"no enabled plugin is called {name!r} or has such a table" + (
        f"; did you mean {nearest[0]!r}?" if nearest else ""
    )
