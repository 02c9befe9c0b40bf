"""Let plugins keep rows of theirs in step with the code, when a database is up to date: `Plugin.after_migrate`."""

from sqlalchemy import Connection

from dovetail.migrations.history.graph import History
from dovetail.migrations.history.ledger import read_ledger, read_only
from dovetail.plugin import Migrated
from dovetail.registry import Registry


def run_after_migrate_hooks(connection: Connection, registry: Registry, history: History) -> None:
    """Run what plugins whose own migrations are all applied have to do, a transaction each.

    `connection` must not be in a transaction, and is in none afterwards; the caller has the lock.
    """
    rows = read_ledger(connection)
    revisions = {row.revision for row in rows}
    complete = [plugin for plugin in registry.plugins if revisions.issuperset(history.heads(plugin.name))]
    migrated = Migrated(plugins=registry.plugins, applied={row.plugin for row in rows})
    hooks = [plugin.after_migrate for plugin in complete if plugin.after_migrate is not None]
    due = read_only(connection, lambda execute: [hook for hook in hooks if hook.is_due(execute, migrated)])
    for one in due:
        with connection.begin():
            one.run(connection, migrated)
