"""Forget migrations whose plugin, or whose file, was removed; the tables stay."""

from sqlalchemy import Connection, NullPool, delete

from dovetail.database.engine.engine import create_engine
from dovetail.errors import MigrationError
from dovetail.migrations.history.graph import History, load_history
from dovetail.migrations.history.ledger import LEDGER, read_ledger, write_heads
from dovetail.migrations.history.missing_revisions import MissingRevision
from dovetail.migrations.locks.lock import migration_lock
from dovetail.registry import Registry
from dovetail.settings import Settings


async def prune(settings: Settings, registry: Registry, plugin: str) -> int:
    """Delete all trace of `plugin` from Alembic's table and the ledger; return how many revisions were forgotten.

    Of an enabled plugin only the revisions without a file are forgotten. Raise MigrationError if there are none,
    or if a file stands on one of them.
    """
    engine = create_engine(settings, may_create=True, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_prune, settings, registry, plugin)
    finally:
        await engine.dispose()


def _prune(connection: Connection, settings: Settings, registry: Registry, plugin: str) -> int:
    with migration_lock(connection):
        rows = read_ledger(connection)
        lost = {row.revision for row in rows if row.plugin == plugin}
        if plugin in registry.installed:
            lost = _without_files(load_history(settings.base_dir, registry, rows), plugin)
        if lost:
            write_heads(connection, [row for row in rows if row.revision not in lost])
            connection.execute(delete(LEDGER).where(LEDGER.c.revision.in_(lost)))
        connection.commit()
        return len(lost)


def _without_files(history: History, plugin: str) -> set[str]:
    lost = {script.revision for script in history.of_plugin(plugin) if isinstance(script, MissingRevision)}
    if not lost:
        raise MigrationError(
            f"nothing to forget: plugin {plugin!r} is enabled, and each migration that is recorded has its file; to "
            f"undo them, use: manage.py migrate {plugin} zero"
        )
    standing = [each for each in history.ordered(history.descendants(lost) - lost) if not _is_ghost(history, each)]
    if standing:
        raise MigrationError(
            f"{standing[0]} stands on {' and '.join(sorted(lost))}, so it cannot be forgotten; bring the file back"
        )
    return lost


def _is_ghost(history: History, revision: str) -> bool:
    return isinstance(history.scripts[revision], MissingRevision)
