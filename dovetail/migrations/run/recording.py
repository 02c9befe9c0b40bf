"""Keep the ledger: written in the transaction of each migration, also when raw Alembic applies it."""

import json
from collections.abc import Callable, Iterable, Sequence

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import Connection, bindparam, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.history.applied import Applied
from dovetail.migrations.history.graph import History
from dovetail.migrations.history.ledger import LEDGER, ensure_ledger, write_heads
from dovetail.migrations.history.squashes import Squash, as_squashed


def recorder(history: History) -> Callable[..., None]:
    """Return a callback for Alembic's `on_version_apply` that writes to the ledger."""

    def record(*, ctx: MigrationContext, step: MigrationInfo, **_kwargs: object) -> None:
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


def record_squashes(connection: Connection, rows: Sequence[Applied], squashes: Iterable[Squash]) -> None:
    """Let both tables name each squash of which `rows` has every part, in the place of the parts.

    `connection` must not be in a transaction, and is in none afterwards; the caller has the lock.
    """
    for squash in squashes:
        after = as_squashed(rows, [squash])
        if after == list(rows):
            continue
        old = {row.revision: row for row in rows}
        last = [name for name in old if name in squash.replaces][-1]  # its place in the order is the squash's
        for row in after:
            before = row.revision if row.revision in old else last
            if row != old[before]:
                connection.execute(update(LEDGER).where(LEDGER.c.revision == before).values(_values(row)))
        connection.execute(delete(LEDGER).where(LEDGER.c.revision.in_(squash.replaces)))
        write_heads(connection, after)
        rows = after
    connection.commit()


def _row(history: History, script: Script) -> dict[str, str]:
    return {
        "revision": script.revision,
        "plugin": history.plugin_of(script.revision),
        "down_revisions": json.dumps(alembic_private.down_revisions(script)),
        "depends_on": json.dumps(alembic_private.dependencies(script)),
    }


def _values(row: Applied) -> dict[str, str]:
    return {
        "revision": row.revision,
        "down_revisions": json.dumps(row.down_revisions),
        "depends_on": json.dumps(row.depends_on),
    }
