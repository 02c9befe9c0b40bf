"""What autogenerate compares: models of enabled plugins with the tables of a database."""

from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, DefaultClause
from sqlalchemy.schema import SchemaItem

from project.database.base import Base
from project.database.types import utcnow
from project.migrations.history import History
from project.migrations.ledger import LEDGER
from project.migrations.ownership import Owners, refuse_orphans
from project.migrations.portable import is_clock, literal_of
from project.migrations.rendering import render_item
from project.registry import Registry


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
        "compare_server_default": _compare_default,
        "render_item": render_item,
        "include_object": include_object,
        "include_name": lambda name, kind, _parents: not (kind == "table" and name == LEDGER.name),
    }


def _compare_default(
    _context: MigrationContext,
    _found: Column[Any],
    model: Column[Any],
    found_default: str | None,
    model_default: DefaultClause | None,
    _rendered: str | None,
) -> bool | None:
    """Whether two defaults differ; None leaves it to Alembic."""
    if isinstance(model.type, JSON):
        return False  # PostgreSQL has no equality of json, and Alembic would ask it
    argument = getattr(model_default, "arg", None)
    if isinstance(argument, utcnow):
        return found_default is None or not is_clock(found_default)
    if isinstance(argument, str) and found_default is not None:
        return argument not in (literal_of(found_default), found_default)  # Alembic takes '' for a change
    return None
