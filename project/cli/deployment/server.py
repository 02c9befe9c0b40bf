"""What the database itself says: whether it answers, has every migration, and has room for every connection."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from project.checks import CheckMessage, warning
from project.cli.pool_facts import PoolFacts, ask_server, read_facts
from project.database.engine import database_url, is_memory
from project.database.session import Database
from project.migrations.pending import unapplied
from project.registry import Registry
from project.settings import Settings

UNREACHABLE = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
SHOWN = 3  # migrations that are named
RESERVED = 3  # connections that PostgreSQL keeps for its superusers (superuser_reserved_connections)


def check_server(settings: Settings, registry: Registry) -> Iterator[CheckMessage]:
    """Every finding. An SQLite file that is not there is not made."""
    url = database_url(settings)
    if is_memory(url):
        return
    if url.get_backend_name() == "sqlite" and not Path(settings.base_dir, url.database or "").is_file():
        yield _away("the file is not there")
        return
    try:
        missing, facts = asyncio.run(_ask(settings, registry))
    except UNREACHABLE as found:
        yield _away(type(found.__cause__ or found).__name__)
        return
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        yield warning(
            "kernel.W039",
            f"The database lacks migrations: {', '.join(missing[:SHOWN])}{more}.",
            "run `manage.py migrate` before the new code starts",
        )
    yield from check_room(facts)


def check_room(facts: PoolFacts) -> Iterator[CheckMessage]:
    """Whether the server has room for the connections of all workers."""
    if facts.max_connections is not None and facts.total > facts.max_connections - RESERVED:
        yield warning(
            "kernel.W038",
            f"{facts.workers} workers may open {facts.total} connections; the server takes {facts.max_connections}.",
            "lower DATABASE_POOL_SIZE, see `manage.py pool`, or raise max_connections",
        )


async def _ask(settings: Settings, registry: Registry) -> tuple[list[str], PoolFacts]:
    database = Database.from_settings(settings)
    try:
        missing = await unapplied(database.engine, registry)
    finally:
        await database.dispose()
    return missing, await ask_server(settings, read_facts(settings))


def _away(why: str) -> CheckMessage:
    return warning(
        "kernel.W040",
        f"The database does not answer ({why}), so nobody knows whether it has every migration.",
        "see that DATABASE_URL names it and that it runs, then check again",
    )
