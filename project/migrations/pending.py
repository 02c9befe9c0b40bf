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
_REPLACES = re.compile(r"^replaces\b[^=\n]*=\s*[(\[]([^)\]]*)[)\]]", re.MULTILINE)
_TEXT = re.compile(r"""["']([^"']+)["']""")


async def unapplied(engine: AsyncEngine, registry: Registry) -> list[str]:
    """The ids of the enabled plugins' migrations that the database does not have, in the order of the plugins.

    Raises what SQLAlchemy raises if the database does not answer.
    """
    applied = await _applied(engine)
    return [
        revision
        for folder, plugin in revision_folders(registry).items()
        for revision in _waiting(folder, plugin, applied)
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


def _waiting(folder: Path, plugin: str, applied: AbstractSet[str]) -> Iterator[str]:
    files = sorted(folder.glob(_FILE))
    if all(f"{plugin}_{path.stem}" in applied for path in files):
        return
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    found = {path: _REVISION.search(text) for path, text in texts.items()}
    names = {path: match[1] if match else f"{plugin}_{path.stem}" for path, match in found.items()}
    squashes = {names[path]: _replaced(text) for path, text in texts.items()}
    half = {name for name, parts in squashes.items() if name not in applied and parts & applied}
    passed_over = half.union(*(parts for name, parts in squashes.items() if name not in half))
    yield from (name for name in names.values() if name not in applied and name not in passed_over)


def _replaced(text: str) -> set[str]:
    """What a file says it replaces: a database has either the one or the others."""
    found = _REPLACES.search(text)
    return set(_TEXT.findall(found[1])) if found else set()
