"""Read the tables of a database that no enabled plugin has a model of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

import click
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    DefaultClause,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime, TypeEngine

from dovetail.cli.data.plugin_tables import partitions, unknown
from dovetail.database.models import NAMING_CONVENTION
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.bridge.portable import literal_of, portable_type
from dovetail.migrations.bridge.sqlite import (
    computed,  # noqa: F401 - tables are read back with what their columns compute
)
from dovetail.migrations.history.ledger import BOOKS

PARTITIONED = "postgresql_partition_by"  # SQLAlchemy's name of the option, which it does not read back
_PARTITIONED = text("""
    SELECT relname, pg_get_partkeydef(pg_class.oid) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'p' AND nspname = coalesce(:schema, current_schema())
""")
LEFT_OUT = frozenset({"spatial_ref_sys", "sqlite_sequence"})


@dataclass(frozen=True, kw_only=True)
class TableSelection:
    """The tables of a schema to read: those of `names`, or all, and views too; they are to belong to `plugin`."""

    plugin: str
    names: Sequence[str] = ()
    schema: str | None = None
    views: bool = False
    is_managed: bool = True


def read_tables(connection: Connection, selection: TableSelection, known: Collection[str]) -> MetaData:
    """Return the selected tables, with those that they refer to. Raise ClickException for a `known` one."""
    inspector = inspect(connection)
    if selection.schema is not None and selection.schema not in (there := _schemas(connection)):
        raise click.ClickException(_missing("schema", selection.schema, there))
    views = set(inspector.get_view_names(selection.schema))
    tables = set(inspector.get_table_names(selection.schema)) - BOOKS - LEFT_OUT
    own = {name for name in tables | views if _key(name, selection) in known}
    for name in selection.names:
        if name not in tables | views:
            raise click.ClickException(_missing("table", name, tables | views))
        if name in own:
            raise click.ClickException(f"an enabled plugin has a model of the table {name} already; leave it out")
    others = tables - partitions(connection, selection.schema) | (views if selection.views else set())
    chosen = set(selection.names) or others - own
    if not chosen:
        raise click.ClickException("the database has no table that no enabled plugin has; nothing was written")
    metadata = MetaData(naming_convention={kind: name for kind, name in NAMING_CONVENTION.items() if kind != "ck"})
    with expected_warnings_ignored():
        metadata.reflect(connection, selection.schema, views=bool(chosen & views), only=sorted(chosen))
    for name, how in _partitioned(connection, selection.schema):
        if (table := metadata.tables.get(_key(name, selection))) is not None:
            table.dialect_kwargs[PARTITIONED] = how
    keys = {_key(name, selection) for name in chosen}
    for table in metadata.tables.values():
        _refuse_known(table, keys, known)
        is_view = table.schema == selection.schema and table.name in views
        _complete(table, selection, connection.dialect.name, is_view=is_view)
    return metadata


def counts_up(column: Column[object], dialect: str) -> bool:
    """Return whether the database makes a key that a row lacks, in a column of which SQLAlchemy expects it."""
    if dialect == "sqlite" or column.identity is not None or not isinstance(column.type, Integer):
        return True
    return column.autoincrement is True


def _schemas(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        raise click.ClickException("SQLite has no schemas; leave --schema out")
    inspector = inspect(connection)
    return set(inspector.get_schema_names()) - {inspector.default_schema_name, "information_schema"}


def _partitioned(connection: Connection, schema: str | None) -> list[tuple[str, str]]:
    """Return the tables whose rows lie in partitions, each with what decides in which."""
    if connection.dialect.name == "sqlite":
        return []
    return [(str(name), str(how)) for name, how in connection.execute(_PARTITIONED, {"schema": schema})]


def _key(name: str, selection: TableSelection) -> str:
    """Return how SQLAlchemy calls a table among those of all schemas."""
    return f"{selection.schema}.{name}" if selection.schema else name


def _missing(kind: str, name: str, there: Collection[str]) -> str:
    _, _, near = unknown(name, there).partition(";")
    return f"the database has no {kind} {name!r}" + (f";{near}" if near else "")


def _refuse_known(table: Table, chosen: Collection[str], known: Collection[str]) -> None:
    for key in table.foreign_keys:
        if key.column.table.key in known and table.key in chosen:
            raise click.ClickException(
                f"the table {table.name} refers to {key.column.table.name}, which an enabled plugin has a model of; "
                "name the other tables here, and write its model by hand"
            )


def _complete(table: Table, selection: TableSelection, dialect: str, *, is_view: bool) -> None:
    """Say whose the table is, and make its types and defaults those of both databases."""
    info: dict[str, object] = {} if table.name.startswith(f"{selection.plugin}_") else {"plugin": selection.plugin}
    if is_view:
        info |= {"managed": False, "read_only": True}
    elif not selection.is_managed:
        info |= {"managed": False}
    table.info = info
    for column in table.columns:
        column.type = _type(column.type, dialect)
        column.server_default = _default(column)
        column.nullable = column.nullable and not column.primary_key  # SQLite says of a key that it may be NULL
    unnamed = [one for one in table.constraints if isinstance(one, CheckConstraint) and one.name is None]
    for number, check in enumerate(sorted(unnamed, key=lambda one: str(one.sqltext)), 1):
        check.name = f"ck_{table.name}_{number}"
    if is_view and not table.primary_key.columns:  # the model's author says which it is
        table.append_constraint(PrimaryKeyConstraint(next(iter(table.columns))))


def _type(found: TypeEngine[object], dialect: str) -> TypeEngine[object]:
    if isinstance(found, JSONB):  # whoever has PostgreSQL's own type has use for it
        return found
    is_naive = dialect == "sqlite" and isinstance(found, DateTime)  # no moment, for it says no time zone
    return cast("TypeEngine[object]", DateTime()) if is_naive else portable_type(found)


def _default(column: Column[object]) -> DefaultClause | None:
    """Return a default without what only PostgreSQL understands; a sequence is one that it makes by itself."""
    default = column.server_default
    if not isinstance(default, DefaultClause):
        return default  # type: ignore[return-value]  # Computed or Identity
    told = str(default.arg.text) if hasattr(default.arg, "text") else str(default.arg)
    if (
        column.primary_key
        and told.startswith("nextval(")
        and f"{column.table.name}_{column.name}_seq" in told.replace('"', "")
    ):
        return None
    literal = literal_of(told)
    return default if literal is None else DefaultClause(text("'{}'".format(literal.replace("'", "''"))))
