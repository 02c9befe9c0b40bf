"""Compares models of enabled plugins with the tables of a database: the options for autogenerate."""

from collections.abc import Mapping

from sqlalchemy import Constraint, Dialect, Table
from sqlalchemy.schema import SchemaItem

from dovetail.database.models import Base, is_managed
from dovetail.migrations.bridge.alembic_private import is_made_on
from dovetail.migrations.bridge.impl_shared import name_by_convention
from dovetail.migrations.bridge.rendering import render_item
from dovetail.migrations.bridge.search_indexes import is_of_words
from dovetail.migrations.differences.plugins import PLUGINS
from dovetail.migrations.history.ledger import LEDGER
from dovetail.migrations.make.owners import Owners, refuse_orphans
from dovetail.registry import Registry


def comparison_options(owners: Owners, registry: Registry, dialect: Dialect) -> dict[str, object]:
    """Return the options of a MigrationContext that compares. Raise MigrationError for a table that nobody owns."""
    refuse_orphans(Base.metadata, owners)
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            name_by_convention(constraint)  # as it is named in the database
    schemas = {table.schema for table in Base.metadata.tables.values() if table.schema} | owners.schemas
    # On SQLite the files have just made the database: none of its tables is another program's.
    is_sites_own = dialect.name != "sqlite"
    if not is_sites_own:
        schemas.clear()

    def include_object(item: SchemaItem, _name: str, kind: str, reflected: bool, compare_to: object) -> bool:  # noqa: FBT001 - Alembic's signature
        if kind == "table" and not _is_made_here(item.key):  # type: ignore[attr-defined]  # a table
            return False
        if isinstance(item, Constraint) and not reflected:
            return is_made_on(item, dialect)
        if reflected and compare_to is None and is_of_words(item):
            return False
        if kind != "table" or (reflected and compare_to is not None):
            return True
        owner = owners.of_name(item.key) if reflected else owners.of_model(item)  # type: ignore[arg-type,attr-defined]  # a table
        return owner in registry.installed

    def include_name(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
        if kind == "schema":
            return name is None or name in schemas
        key = str(parents.get("schema_qualified_table_name") or name)
        return kind != "table" or not (key == LEDGER.name or (is_sites_own and owners.is_strange(key)))

    return {
        "target_metadata": Base.metadata,
        "compare_type": True,
        "compare_server_default": True,  # see impl.py
        "render_item": render_item,
        "autogenerate_plugins": PLUGINS,
        "include_object": include_object,
        "include_schemas": bool(schemas),
        "include_name": include_name,
    }


def managed_tables() -> list[Table]:
    """Return the tables of the models that migrations make."""
    return [table for table in Base.metadata.tables.values() if is_managed(table)]


def _is_made_here(key: str) -> bool:
    """Return True unless a model says that something else makes its table."""
    model = Base.metadata.tables.get(key)
    return model is None or is_managed(model)
