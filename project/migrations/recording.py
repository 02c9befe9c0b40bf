"""Keep the ledger: written in the transaction of each migration, also when raw Alembic applies it."""

import json
from collections.abc import Callable
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Connection, delete, insert
from sqlalchemy.schema import CreateTable

from project.migrations import alembic_private
from project.migrations.history import History
from project.migrations.ledger import LEDGER, ensure_ledger


def recorder(history: History) -> Callable[..., None]:
    """A callback for Alembic's `on_version_apply`."""

    def record(*, ctx: MigrationContext, step: MigrationInfo, **_kwargs: Any) -> None:
        script = history.scripts[str(step.up_revision_id)]
        ctx.execute(delete(LEDGER).where(LEDGER.c.revision == script.revision))
        if step.is_upgrade:
            ctx.execute(insert(LEDGER).values(_row(history, script)).inline())

    return record


def prepare_ledger(context: MigrationContext) -> None:
    """Make the ledger if it is missing, or write the SQL that does."""
    if context.as_sql:
        context.execute(CreateTable(LEDGER, if_not_exists=True))
        return
    connection = context.connection
    assert isinstance(connection, Connection)  # noqa: S101 - Alembic has a connection unless it writes SQL
    ensure_ledger(connection)


def _row(history: History, script: Script) -> dict[str, str]:
    return {
        "revision": script.revision,
        "plugin": history.plugin_of(script.revision),
        "down_revisions": json.dumps(alembic_private.down_revisions(script)),
        "depends_on": json.dumps(alembic_private.dependencies(script)),
    }
