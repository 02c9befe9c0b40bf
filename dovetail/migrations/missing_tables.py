"""Find tables of models that a database with all migrations lacks: they were dropped, or no migration makes them."""

from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import Connection, Dialect, Table, text

from dovetail.database.models import Base, is_managed
from dovetail.migrations.history.applied import Applied
from dovetail.migrations.history.files import read_files, revision_paths
from dovetail.ownership import owner_of
from dovetail.registry import Registry

# Neither waits for the lock of a table that a migration changes.
_SQLITE = text(
    "SELECT value FROM json_each(:names) WHERE NOT EXISTS "
    "(SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = value COLLATE NOCASE)"
)
_POSTGRESQL = text(
    "SELECT name FROM json_array_elements_text(CAST(:names AS json)) AS given(name) WHERE to_regclass(name) IS NULL"
)


def made_tables(registry: Registry, dialect: Dialect) -> dict[str, str]:
    """Return the plugin of each table that its migrations have to make, by the table's name in SQL."""
    plugins = {plugin for plugin, _ in revision_paths(registry)}
    metadatas = [Base.metadata, *(model.metadata for plugin in registry.plugins for model in plugin.models)]
    found: dict[str, str] = {}
    for metadata in dict.fromkeys(metadatas):
        for table in filter(is_managed, metadata.tables.values()):
            owner = owner_of(table, registry.installed)
            if owner in plugins:
                found[name_in_sql(table, dialect)] = owner
    return found


def name_in_sql(table: Table, dialect: Dialect) -> str:
    """Return the name of a table as `absent` looks for it: quoted, and with its schema, on PostgreSQL."""
    return table.name if dialect.name == "sqlite" else dialect.identifier_preparer.format_table(table)


def absent(connection: Connection, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names`, as `name_in_sql` returns them, of which the database has no table."""
    statement = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    return frozenset(connection.scalars(statement, {"names": orjson.dumps(list(names)).decode()}).all())


def plugins_ahead(rows: Sequence[Applied], registry: Registry) -> frozenset[str]:
    """Return the plugins of which a later release applied migrations, which may have dropped tables of this one."""
    files = read_files(registry)
    known = {file.revision for file in files}
    known |= {name for file in files if file.squash for name in file.squash.replaces}
    return frozenset(row.plugin for row in rows if row.revision not in known)
