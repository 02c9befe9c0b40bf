"""Check that the indexes of words in PostgreSQL are those that searches use."""

from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncEngine

from dovetail.database.search.old_indexes import old_indexes
from dovetail.ownership import owner_by_name
from dovetail.plugin import CheckMessage, warning
from dovetail.registry import Registry


async def check_word_indexes(engine: AsyncEngine, registry: Registry) -> list[CheckMessage]:
    """Return a warning for each that no search uses. Raise SQLAlchemy's errors if nobody answers."""
    async with engine.connect() as connection:
        return list(_doubts(await connection.run_sync(old_indexes), registry))


def _doubts(found: dict[str, str], registry: Registry) -> Iterator[CheckMessage]:
    for name, table in found.items():
        owner = owner_by_name(table, registry.installed)
        if owner is not None:
            yield warning(
                "kernel.W057",
                f"The index of words {name} is of an earlier Dovetail, and searches of {table} read the whole table.",
                f"run `manage.py makemigrations {owner}` with this database, then `manage.py migrate`",
            )
