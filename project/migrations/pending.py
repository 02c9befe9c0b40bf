"""Which migrations wait to be applied: a look at the folders and one SELECT, without importing Alembic.

A server asks this whenever it starts.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from project.database.engine import READ_ONLY
from project.migrations.ledger import LEDGER
from project.migrations.locations import revision_folders
from project.registry import Registry

UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_FILE = "[0-9]*.py"
_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)


async def unapplied(engine: AsyncEngine, registry: Registry) -> list[str]:
    """The ids of the enabled plugins' migrations that the database does not have, in the order of the plugins.

    Raises what SQLAlchemy raises if the database does not answer.
    """
    applied = await _applied(engine)
    return [
        revision
        for folder, plugin in revision_folders(registry).items()
        for revision in _revisions(folder, plugin, applied)
        if revision not in applied
    ]


async def _applied(engine: AsyncEngine) -> AbstractSet[str]:
    async with engine.connect() as connection:
        await connection.execution_options(**{READ_ONLY: True})
        try:
            return set(await connection.scalars(select(LEDGER.c.revision)))
        except (ProgrammingError, OperationalError) as error:
            if _is_missing_table(error):
                return frozenset()
            raise


def _is_missing_table(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(error.orig)


def _revisions(folder: Path, plugin: str, applied: AbstractSet[str]) -> Iterator[str]:
    for path in sorted(folder.glob(_FILE)):
        usual = f"{plugin}_{path.stem}"
        if usual in applied:
            yield usual
        else:  # a file may carry an id of its own
            found = _REVISION.search(path.read_text(encoding="utf-8"))
            yield found[1] if found else usual
