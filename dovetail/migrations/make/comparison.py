"""What autogenerate compares: models of enabled plugins with the tables of a database."""

from typing import Any

from sqlalchemy.schema import SchemaItem

from dovetail.database.models import Base
from dovetail.migrations.bridge.rendering import render_item
from dovetail.migrations.history.history import History
from dovetail.migrations.history.ledger import LEDGER
from dovetail.migrations.ownership import Owners, refuse_orphans
from dovetail.registry import Registry


def comparison_options(history: History, registry: Registry) -> dict[str, Any]:
    """Options of a MigrationContext that is to compare. Raises MigrationError for a table that nobody owns."""
    owners = Owners(history, registry.installed)
    refuse_orphans(Base.metadata, owners)

    def include_object(item: SchemaItem, name: str, kind: str, reflected: bool, compare_to: Any) -> bool:  # noqa: FBT001 - Alembic's signature
        if kind != "table" or (reflected and compare_to is not None):
            return True
        owner = owners.of_name(name) if reflected else owners.of_model(item)  # type: ignore[arg-type]  # a table
        return owner in registry.installed

    return {
        "target_metadata": Base.metadata,
        "compare_type": True,
        "compare_server_default": True,  # see impl.py
        "render_item": render_item,
        "include_object": include_object,
        "include_name": lambda name, kind, _parents: not (kind == "table" and name == LEDGER.name),
    }
