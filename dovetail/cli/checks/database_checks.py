"""Check the database itself; unlike the other checks these ask it."""

import asyncio
from collections.abc import Iterator

import click

from dovetail.cli.checks.column_types import check_types
from dovetail.cli.checks.unmanaged_tables import check_unmanaged
from dovetail.cli.checks.word_indexes import check_word_indexes
from dovetail.cli.error_lines import error_line
from dovetail.cli.pool.facts import PoolFacts, ask_server, read_facts
from dovetail.cli.state import State
from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url
from dovetail.migrations.history.pending import unapplied
from dovetail.plugin import CheckMessage, Level, warning
from dovetail.settings import Settings

RESERVED = 3  # connections that PostgreSQL keeps for its superusers (superuser_reserved_connections)
MIXED_UP = CheckMessage(
    id="kernel.W050",
    level=Level.WARNING,
    message="The pooler in front of PostgreSQL lets one client run what another has prepared, as PgBouncer before 1.21 "
    "does in transaction mode.",
    hint="set DATABASE_PREPARED_STATEMENTS=false, or use PgBouncer 1.21 or later with max_prepared_statements above 0",
)

WAITS = CheckMessage(
    id="kernel.W058",
    level=Level.WARNING,
    message="DATABASE_LOCK_TIMEOUT has no effect through the pooler in front of PostgreSQL, which shares out sessions: "
    "requests wait for locks for DATABASE_COMMAND_TIMEOUT.",
    hint="set it for the role: ALTER ROLE name SET lock_timeout = '1500ms'; or accept it: DATABASE_LOCK_TIMEOUT=0",
)


def warn_about_database(state: State) -> None:
    """Print a warning that names the migrations that were not applied yet, or why nobody knows, and one of a pooler.

    A database that is away is no reason not to serve: it may come back.
    """
    try:
        waiting, pooler = asyncio.run(_look(state))
    except Exception as error:
        line = error_line(error)
        if line is None:
            raise
        _warn(f"{line.removesuffix('.')}. So nobody knows whether its migrations were applied.")
        return
    for message in pooler:
        _warn(f"{message.message} Hint: {message.hint}")
    if waiting:
        count = "1 migration was" if len(waiting) == 1 else f"{len(waiting)} migrations were"
        _warn(f"{count} not applied: {', '.join(waiting)}. Run `manage.py migrate`.")


async def check_database(state: State) -> list[CheckMessage]:
    """Return what is doubtful: no answer, migrations to apply, too few connections, a pooler that mixes them up.

    And tables that no migration makes, where they are not as their models say, types that the database lacks, and
    indexes of words that no search uses.
    """
    try:
        waiting, found = await _look(state)
        async with state.open() as context:
            found += await check_unmanaged(context)
            found += await check_types(context)
            found += await check_word_indexes(context.database.engine, state.registry)
        found += check_room(await ask_server(state.settings, read_facts(state.settings)))
    except Exception as error:
        line = error_line(error)
        if line is None:
            raise
        message = f"The database cannot be checked: {line}"
        return [CheckMessage(id="kernel.E050", level=Level.ERROR, message=message, hint="correct DATABASE_URL")]
    if waiting:
        text = f"{len(waiting)} of the migrations were not applied: {', '.join(waiting)}."
        found.append(CheckMessage(id="kernel.W051", level=Level.WARNING, message=text, hint="run `manage.py migrate`"))
    return found


def check_room(facts: PoolFacts) -> Iterator[CheckMessage]:
    """Yield a warning if the server has no room for the connections of all workers."""
    if facts.max_connections is not None and facts.total > facts.max_connections - RESERVED:
        yield warning(
            "kernel.W052",
            f"{facts.workers} workers may open {facts.total} connections; the server takes {facts.max_connections}.",
            "lower DATABASE_POOL_SIZE, see `manage.py pool`, or raise max_connections",
        )


async def check_pooler(settings: Settings) -> list[CheckMessage]:
    """Return warnings of what a pooler does not pass on. Raise SQLAlchemy's errors if nobody answers."""
    if database_url(settings).get_backend_name() != "postgresql":
        return []
    # Imported here: it brings asyncpg, for which there is no use on SQLite.
    from dovetail.database.engine.pgbouncer import shares_prepared_statements, waits_for_locks

    found = [WAITS] if await waits_for_locks(settings) else []
    if settings.database_prepared_statements and await shares_prepared_statements(settings):
        found.append(MIXED_UP)
    return found


async def _look(state: State) -> tuple[list[str], list[CheckMessage]]:
    engine = create_engine(state.settings)  # a server's start has opened all that there is twice already
    try:
        waiting = await unapplied(engine, state.registry)
    finally:
        await engine.dispose()
    return waiting, await check_pooler(state.settings)


def _warn(text: str) -> None:
    click.echo(f"{click.style('WARNING', fg='yellow', bold=True)} {text}", err=True)
