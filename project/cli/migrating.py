"""The migrations as the other commands need them: apply all, and say which wait."""

import asyncio

import click

from project.cli.state import State


def migrate_everything(state: State) -> None:
    """Bring the database to the newest state, with a line for each migration."""
    # Imported here: runserver needs the other function only, and that does without Alembic.
    from project.cli.migrate import report_step
    from project.migrations.runner import migrate

    if not asyncio.run(migrate(state.settings, state.registry, report=report_step)):
        click.echo("The database is up to date.")


def warn_about_unapplied_migrations(state: State) -> None:
    """Print a warning that names the migrations that were not applied yet; Alembic is not imported for it."""
