"""Which migrations wait to be applied: a look at the folders and one SELECT, without importing Alembic.

A server asks this whenever it starts.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.selectable import TypedReturnsRows

from dovetail.database.engine.sqlite_transactions import READ_ONLY
from dovetail.migrations.history.files import read_files, usual_revisions
from dovetail.migrations.history.ledger import LEDGER, VERSIONS
from dovetail.migrations.history.squashes import left_out
from dovetail.registry import Registry

UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


async def unapplied(engine: AsyncEngine, registry: Registry) -> list[str]:
    """The ids of the enabled plugins' migrations that the database does not have, in the order of the plugins.

    Raises what SQLAlchemy raises if the database does not answer.
    """
    return missing_from(await _texts(engine, select(LEDGER.c.revision)), registry)


def missing_from(recorded: Collection[str] | None, registry: Registry) -> list[str]:
    """The ids of the enabled plugins' migrations that are not among the recorded ones, in the order of the plugins."""
    applied = set(recorded or ())
    if applied.issuperset(usual_revisions(registry)):
        return []
    files = read_files(registry)  # one may carry an id of its own, or stand for others
    squashes = [file.squash for file in files if file.squash]
    applied |= {squash.revision for squash in squashes if applied.issuperset(squash.replaces)}
    hidden = left_out(squashes, applied)
    return [file.revision for file in files if file.revision not in applied and file.revision not in hidden]


async def is_up_to_date(engine: AsyncEngine, registry: Registry) -> bool:
    """Whether `migrate` has nothing to do, as far as can be told without reading a file; if in doubt, no.

    Raises what SQLAlchemy raises if the database does not answer.
    """
    applied = await _texts(engine, select(LEDGER.c.revision))
    if not applied or not applied.issuperset(usual_revisions(registry)):
        return False
    tips = await _texts(engine, select(VERSIONS.c.version_num))
    return tips is not None and tips <= applied


async def _texts(engine: AsyncEngine, query: TypedReturnsRows[tuple[str]]) -> set[str] | None:
    """The one column of a query; None if there is no such table yet."""
    async with engine.connect() as connection:
        await connection.execution_options(**{READ_ONLY: True})
        return await recorded(connection, query)


async def recorded(connection: AsyncConnection, query: TypedReturnsRows[tuple[str]]) -> set[str] | None:
    """The one column of a query; None if there is no such table yet, and then the transaction is of no more use."""
    try:
        return set(await connection.scalars(query))
    except (ProgrammingError, OperationalError) as error:
        if _is_missing_table(error):
            return None
        raise


def _is_missing_table(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(error.orig)
