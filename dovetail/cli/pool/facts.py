"""Read what the connection pool is like now: the settings, and what the server says about itself."""

import os
from dataclasses import dataclass, replace

from sqlalchemy import text

from dovetail.database.engine.urls import database_url
from dovetail.database.unit_of_work import Database
from dovetail.settings import Settings

MOST_WORKERS = 4  # by default; each has a connection pool of its own (see `manage.py pool`)


@dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """The running settings, and the server's own numbers: None for SQLite, which has no server, and if not asked."""

    database: str  # "postgresql" or "sqlite"
    pool_size: int
    max_overflow: int
    pool_timeout: float  # seconds
    workers: int
    max_connections: int | None = None
    connected: int | None = None  # clients of the server at this moment, this command included

    @property
    def total(self) -> int:
        """The connections that all workers together may open."""
        return self.workers * (self.pool_size + self.max_overflow)


def read_facts(settings: Settings) -> PoolFacts:
    """Return what the settings say. Raise ConfigurationError if DATABASE_URL cannot be read."""
    return PoolFacts(
        database=database_url(settings).get_backend_name(),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=settings.database_pool_timeout,
        workers=default_workers(settings),
    )


def default_workers(settings: Settings) -> int:
    """Return 1 in development; in production the number of processors, but not more than MOST_WORKERS."""
    return 1 if settings.debug else min(os.cpu_count() or 1, MOST_WORKERS)


async def ask_server(settings: Settings, facts: PoolFacts) -> PoolFacts:
    """Add what PostgreSQL says about itself. Raises what the driver raises if it is away."""
    if facts.database != "postgresql":
        return facts
    database = Database.from_settings(settings)
    try:
        async with database.outside_the_pool() as session:
            return replace(
                facts,
                max_connections=await session.scalar(text("SELECT current_setting('max_connections')::int")),
                connected=await session.scalar(
                    text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
                ),
            )
    finally:
        await database.dispose()
