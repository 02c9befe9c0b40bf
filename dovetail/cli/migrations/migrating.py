"""The migrations as the other commands need them: apply all, and say which wait."""

import asyncio

import click

from dovetail.checks import CheckMessage
from dovetail.cli.failures import explain
from dovetail.cli.state import State


def migrate_everything(state: State) -> None:
    """Bring the database to the newest state, with a line for each migration."""
    # Imported here: runserver needs the other function only, and that does without Alembic.
    from dovetail.cli.migrations.migrate_steps import report_step
    from dovetail.migrations.run.runner import migrate_now

    if not migrate_now(state.settings, state.registry, report=report_step):
        click.echo("The database is up to date.")


def warn_about_unapplied_migrations(state: State) -> None:
    """Print a warning that names the migrations that were not applied yet, or why nobody knows, and one of a pooler.

    A database that is away is no reason not to serve: it may come back.
    """
    try:
        waiting, pooler = asyncio.run(_look(state))
    except Exception as error:
        line = explain(error)
        if line is None:
            raise
        _warn(f"{line.removesuffix('.')}. So nobody knows whether its migrations were applied.")
        return
    for message in pooler:
        _warn(f"{message.message} Hint: {message.hint}")
    if waiting:
        count = "1 migration was" if len(waiting) == 1 else f"{len(waiting)} migrations were"
        _warn(f"{count} not applied: {', '.join(waiting)}. Run `manage.py migrate`.")


async def _look(state: State) -> tuple[list[str], list[CheckMessage]]:
    # Imported here, so that finding out that a port is taken does not wait for SQLAlchemy.
    from dovetail.cli.checks.database_checks import check_pooler
    from dovetail.migrations.history.pending import unapplied

    async with state.open() as context:
        waiting = await unapplied(context.database.engine, state.registry)
    return waiting, await check_pooler(state.settings)


def _warn(text: str) -> None:
    click.echo(f"{click.style('WARNING', fg='yellow', bold=True)} {text}", err=True)
