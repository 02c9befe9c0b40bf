"""Apply migrations with a line for each; apart from the command, which does without Alembic if nothing is to do."""

import asyncio
from collections.abc import Sequence

import click

import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
from dovetail.cli.state import State
from dovetail.database.engine.urls import database_url
from dovetail.errors import MigrationError
from dovetail.migrations.history.plan import Step
from dovetail.migrations.run.execution import Reporter
from dovetail.migrations.run.runner import MigrationRun, Target, migrate_now, planned


def apply_everything(state: State) -> None:
    """Bring the database to the newest state."""
    if not migrate_now(MigrationRun(state.settings, state.registry, report=report_step)):
        click.echo("The database is up to date.")


def show_plan(state: State, target: Target) -> None:
    """List what would be done."""
    _list(asyncio.run(planned(state.settings, state.registry, target)))


def apply_to(state: State, target: Target, *, yes: bool) -> None:
    """List what will be done, ask before other plugins' migrations are undone, and do it."""

    def confirm(steps: Sequence[Step]) -> bool:
        _list(steps)
        return yes or _may_undo(steps, target.plugin)

    migrate_now(MigrationRun(state.settings, state.registry, target, confirm, report_step))
    if database_url(state.settings).get_backend_name() == "postgresql":
        asyncio.run(_warn_of_word_indexes(state))


class Lines(Reporter):
    """A reporter that prints one line for each migration, finished with the time it took."""

    def starts(self, step: Step) -> None:
        """Print the beginning of the line."""
        click.echo(f"  {'Applying' if step.forwards else 'Undoing'} {step.revision} ... ", nl=False)

    def finds(self, step: Step) -> None:
        """Print the beginning of the line."""
        click.echo(f"  Recording {step.revision}, whose tables are there ... ", nl=False)

    def ends(self, step: Step, seconds: float) -> None:  # noqa: ARG002 - a reporter is told
        """Print the end of the line."""
        click.echo(f"OK ({seconds * 1000:.0f} ms)")

    def waits(self, step: Step) -> None:  # noqa: ARG002 - a reporter is told
        """Print why it takes long."""
        click.echo("waits for a lock ... ", nl=False)

    def fails(self, step: Step) -> None:  # noqa: ARG002 - a reporter is told
        """Print the end of the line; the error names the step."""
        click.echo("failed")


report_step = Lines()


def forget_plugin(state: State, plugin: str) -> None:
    """Forget the migrations of a plugin that was removed."""
    # Imported here: it needs asyncio, which a migration of SQLite does without.
    from dovetail.migrations.run.prune import prune

    count = asyncio.run(prune(state.settings, state.registry, plugin))
    if not count:
        raise MigrationError(f"nothing to forget: no migration of a plugin named {plugin!r} is recorded")
    click.echo(f"Forgot {count} migration{'s' * (count > 1)} of {plugin}; its tables stay.")


async def _warn_of_word_indexes(state: State) -> None:
    # Imported here: a migration of SQLite does without.
    from dovetail.cli.checks.check import show
    from dovetail.cli.checks.word_indexes import check_word_indexes
    from dovetail.database.engine.engine import create_engine

    engine = create_engine(state.settings)
    try:
        show(await check_word_indexes(engine, state.registry))
    finally:
        await engine.dispose()


def _list(steps: Sequence[Step]) -> None:
    if not steps:
        click.echo("No migrations to apply.")
    for step in steps:
        click.echo(f"  {'+' if step.forwards else '-'} {step.revision}")


def _may_undo(steps: Sequence[Step], plugin: str | None) -> bool:
    others = sorted({step.plugin for step in steps if not step.forwards and step.plugin != plugin})
    if not others:
        return True
    click.echo(f"This also undoes migrations of {', '.join(others)}, and loses what their tables hold.")
    return click.confirm("Go on?", default=False, abort=True)
