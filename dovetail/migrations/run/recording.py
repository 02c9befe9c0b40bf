"""Keep the ledger: written in the transaction of each migration, also when raw Alembic applies it."""

import json
from collections.abc import Callable
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Connection, bindparam, delete, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.history.history import History
from dovetail.migrations.history.ledger import LEDGER, ensure_ledger


def recorder(history: History) -> Callable[..., None]:
    """A callback for Alembic's `on_version_apply`."""

    def record(*, ctx: MigrationContext, step: MigrationInfo, **_kwargs: Any) -> None:
        row = _row(history, history.scripts[str(step.up_revision_id)])
        if ctx.as_sql:
            ctx.execute(delete(LEDGER).where(LEDGER.c.revision == row["revision"]))
            if step.is_upgrade:
                ctx.execute(insert(LEDGER).values(row).inline())
            return
        connection = ctx.connection
        assert isinstance(connection, Connection)  # noqa: S101 - Alembic has a connection unless it writes SQL
        if step.is_upgrade:
            connection.execute(_INSERT[connection.dialect.name], row)
        else:
            connection.execute(_DELETE, {"applied": row["revision"]})

    return record


# Statements that stay the same are compiled once.
_DELETE = delete(LEDGER).where(LEDGER.c.revision == bindparam("applied"))
_INSERT = {
    name: module.insert(LEDGER)
    .values({key: bindparam(key) for key in ("revision", "plugin", "down_revisions", "depends_on")})
    .on_conflict_do_nothing()
    .inline()
    for name, module in {"postgresql": postgresql, "sqlite": sqlite}.items()
}


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
