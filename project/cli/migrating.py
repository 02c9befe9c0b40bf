"""The migrations as the other commands need them: apply all, and say which wait."""

import asyncio

from project.cli.state import State
from project.database.base import Base


def migrate_everything(state: State) -> None:
    """Bring the database to the newest state."""

    async def run() -> None:
        async with state.open() as context, context.database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    asyncio.run(run())


def warn_about_unapplied_migrations(state: State) -> None:
    """Print a warning that names the migrations that were not applied yet; Alembic is not imported for it."""
