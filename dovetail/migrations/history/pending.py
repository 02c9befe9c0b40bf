"""Find migrations that are not applied by the names of files and one SELECT, without importing Alembic.

A server asks this whenever it starts.
"""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncEngine

from dovetail.database.engine.sqlite_transactions import READ_ONLY
from dovetail.migrations.history.files import read_files, usual_revisions
from dovetail.migrations.history.ledger import recorded
from dovetail.migrations.history.squashes import left_out
from dovetail.registry import Registry


async def unapplied(engine: AsyncEngine, registry: Registry) -> list[str]:
    """Return the ids of the enabled plugins' migrations that the database lacks, in the order of the plugins.

    Raise what SQLAlchemy raises if the database does not answer.
    """
    return missing_from(await _recorded(engine), registry)


def missing_from(applied: Iterable[str], registry: Registry) -> list[str]:
    """Return the ids of the enabled plugins' migrations that are not `applied`, in the order of the plugins."""
    applied = set(applied)
    if applied.issuperset(usual_revisions(registry)):
        return []
    files = read_files(registry)  # one may carry an id of its own, or stand for others
    squashes = [file.squash for file in files if file.squash]
    applied |= {squash.revision for squash in squashes if applied.issuperset(squash.replaces)}
    hidden = left_out(squashes, applied)
    return [file.revision for file in files if file.revision not in applied and file.revision not in hidden]


async def _recorded(engine: AsyncEngine) -> set[str]:
    """Return the ids of the applied revisions; none if there is no ledger yet."""
    async with engine.connect() as connection:
        await connection.execution_options(**{READ_ONLY: True})
        return {row.revision for row in await connection.run_sync(recorded) or ()}
