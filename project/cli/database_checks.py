"""What is doubtful about the database itself; unlike the other checks these ask it."""

from project.checks import CheckMessage, Level
from project.cli.failures import explain
from project.cli.state import State
from project.database.engine import database_url
from project.database.pooler import mixes_statements_up
from project.settings import Settings

MIXED_UP = CheckMessage(
    id="kernel.W050",
    level=Level.WARNING,
    message="The pooler in front of PostgreSQL lets one client run what another has prepared, as PgBouncer before 1.21 "
    "does in transaction mode.",
    hint="set DATABASE_PREPARED_STATEMENTS=false, or use PgBouncer 1.21 or later with max_prepared_statements above 0",
)


async def check_database(state: State) -> list[CheckMessage]:
    """Whether it answers, whether every migration was applied, and whether a pooler passes our statements on."""
    # Imported here: what else a server does when it starts does without them.
    from project.migrations.pending import unapplied

    try:
        async with state.open() as context:
            waiting = await unapplied(context.database.engine, state.registry)
        found = await check_pooler(state.settings)
    except Exception as error:
        line = explain(error)
        if line is None:
            raise
        message = f"The database cannot be looked at: {line}"
        return [CheckMessage(id="kernel.E050", level=Level.ERROR, message=message, hint="correct DATABASE_URL")]
    if waiting:
        text = f"{len(waiting)} of the migrations were not applied: {', '.join(waiting)}."
        found.append(CheckMessage(id="kernel.W051", level=Level.WARNING, message=text, hint="run `manage.py migrate`"))
    return found


async def check_pooler(settings: Settings) -> list[CheckMessage]:
    """Whether a pooler mixes up what PostgreSQL is to keep for us. Raises SQLAlchemy's errors if nobody answers."""
    is_postgresql = database_url(settings).get_backend_name() == "postgresql"
    prepares = is_postgresql and settings.database_prepared_statements
    return [MIXED_UP] if prepares and await mixes_statements_up(settings) else []
