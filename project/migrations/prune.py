"""Forget the migrations of a plugin that was removed; its tables stay."""

from sqlalchemy import Connection, NullPool, delete

from project.database.engine import create_engine
from project.migrations.errors import MigrationError
from project.migrations.ledger import LEDGER, read_ledger, write_tips
from project.migrations.lock import migration_lock
from project.registry import Registry
from project.settings import Settings


async def prune(settings: Settings, registry: Registry, plugin: str) -> int:
    """Delete all trace of `plugin` from Alembic's table and the ledger; returns how many revisions were forgotten.

    Raises MigrationError if the plugin is enabled.
    """
    if plugin in registry.installed:
        raise MigrationError(
            f"plugin {plugin!r} is enabled, and would only be migrated again; remove it from the plugins in the "
            f"settings first, or undo its migrations with: manage.py migrate {plugin} zero"
        )
    engine = create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_prune, plugin)
    finally:
        await engine.dispose()


def _prune(connection: Connection, plugin: str) -> int:
    with migration_lock(connection):
        rows = read_ledger(connection)
        left = [row for row in rows if row.plugin != plugin]
        if len(left) < len(rows):
            write_tips(connection, left)
            connection.execute(delete(LEDGER).where(LEDGER.c.plugin == plugin))
        connection.commit()
        return len(rows) - len(left)
