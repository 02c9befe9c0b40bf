"""The tables of the enabled plugins, those that are referred to first, and the tables that are nobody's."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import click
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.models import Base, is_managed, is_read_only
from dovetail.migrations.history.ledger import BOOKS
from dovetail.ownership import owner_of
from dovetail.plugin import Context

_PARTITIONS = text("""
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relispartition AND nspname = coalesce(:schema, current_schema())
""")


def plugin_tables(context: Context) -> dict[str, Table]:
    """Every table of an enabled plugin by its name, after the tables that it refers to."""
    found: dict[str, Table] = {}
    for metadata in dict.fromkeys([Base.metadata, *(m.metadata for plugin in context.plugins for m in plugin.models)]):
        found |= {table.key: table for table in metadata.sorted_tables if owner(table, context)}
    return found


def movable_tables(context: Context) -> dict[str, Table]:
    """Return the tables whose rows mean the same in another database: a table says `info={"is_movable": False}`."""
    return {name: table for name, table in plugin_tables(context).items() if table.info.get("is_movable", True)}


def writable_tables(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return those of `tables` that somebody writes to."""
    return {name: table for name, table in tables.items() if not is_read_only(table)}


def managed_tables(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return those of `tables` that are the site's own; others are a view, or another program's."""
    return {name: table for name, table in tables.items() if is_managed(table)}


def owner(table: Table, context: Context) -> str | None:
    """The enabled plugin that a table belongs to; None if it is none of them."""
    return owner_of(table, {plugin.name for plugin in context.plugins})


async def ownerless_tables(session: AsyncSession, context: Context) -> list[str]:
    """The tables in the database that belong to no enabled plugin, without those that keep the books."""
    connection = await session.connection()
    return sorted(await connection.run_sync(_table_names) - BOOKS - set(plugin_tables(context)))


async def unmanaged_tables(session: AsyncSession, context: Context) -> list[Table]:
    """The tables in the database that a plugin has a model of, and no migration makes; views are none."""
    tables = plugin_tables(context)
    connection = await session.connection()
    others = [tables[name] for name in sorted(tables.keys() - managed_tables(tables).keys())]
    return [one for one in others if one.name in await connection.run_sync(_table_names, one.schema)]


def choose_tables(context: Context, names: Iterable[str]) -> set[str]:
    """The tables that `names` of tables and of plugins stand for. Raise click.BadParameter for one that is neither."""
    tables = plugin_tables(context)
    chosen: set[str] = set()
    for name in names:
        matching = {key for key, table in tables.items() if name in (key, owner(table, context))}
        if not matching and name not in {plugin.name for plugin in context.plugins}:
            raise click.BadParameter(unknown(name, [*tables, *(plugin.name for plugin in context.plugins)]))
        chosen |= matching
    return chosen


def unknown(name: str, known: Iterable[str]) -> str:
    """Return the error that `name` is no table and no plugin, and which one it might have meant."""
    nearest = get_close_matches(name, list(known), n=1)
    return f"no enabled plugin is called {name!r} or has such a table" + (
        f"; did you mean {nearest[0]!r}?" if nearest else ""
    )


def partitions(connection: Connection, schema: str | None = None) -> set[str]:
    """Return the tables of PostgreSQL that are parts of others, whose rows are those of the whole."""
    if connection.dialect.name == "sqlite":
        return set()
    return set(connection.scalars(_PARTITIONS, {"schema": schema}))


def _table_names(connection: Connection, schema: str | None = None) -> set[str]:
    if connection.dialect.name == "sqlite":  # without virtual tables and those that they keep their contents in
        found = (
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' "
            "ESCAPE '!'"
        )
        return set(connection.scalars(text(found)))
    return set(inspect(connection).get_table_names(schema)) - partitions(connection, schema)
