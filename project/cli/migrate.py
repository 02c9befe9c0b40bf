"""`manage.py migrate [PLUGIN [REVISION|zero]]`."""

import asyncio
from collections.abc import Sequence

import click

from project.cli.state import State
from project.migrations.errors import MigrationError
from project.migrations.execution import LOCK_TIMEOUT, Reporter
from project.migrations.plan import Step
from project.migrations.prune import prune as forget
from project.migrations.runner import Target, planned
from project.migrations.runner import migrate as run


@click.command("migrate")
@click.argument("plugin", required=False)
@click.argument("revision", required=False)
@click.option("--plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--fake", is_flag=True, help="Record migrations as done, or undone, without running them.")
@click.option("--yes", is_flag=True, help="Do not ask before undoing migrations of other plugins.")
@click.option(
    "--database-timeout",
    type=click.FloatRange(min=0),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long a statement waits for a lock, on PostgreSQL; 0 waits for ever.",
)
@click.option("--prune", metavar="PLUGIN", help="Forget the migrations of a plugin that was removed; its tables stay.")
@click.pass_obj
def migrate(
    state: State,
    /,
    plugin: str | None,
    revision: str | None,
    *,
    plan: bool,
    fake: bool,
    yes: bool,
    database_timeout: float,
    prune: str | None,
) -> None:
    """Bring the database up to date, or one PLUGIN to REVISION: a number, a name, or `zero` for none of its tables.

    Going back undoes the migrations of other plugins that depend on what is undone; they are listed, and you are
    asked.
    """
    if prune is not None:
        _prune(state, prune)
        return
    target = Target(plugin=plugin, revision=revision, fake=fake, lock_timeout=database_timeout)
    if plan:
        _list(asyncio.run(planned(state.settings, state.registry, target)))
        return

    def confirm(steps: Sequence[Step]) -> bool:
        _list(steps)
        return yes or _may_undo(steps, plugin)

    asyncio.run(run(state.settings, state.registry, target, confirm=confirm, report=report_step))


class Lines(Reporter):
    """One line for each migration, finished with the time it took."""

    def starts(self, step: Step) -> None:
        """Begin the line."""
        click.echo(f"  {'Applying' if step.forwards else 'Undoing'} {step.revision} ... ", nl=False)

    def ends(self, step: Step, seconds: float) -> None:  # noqa: ARG002 - a reporter is told
        """End it."""
        click.echo(f"OK ({seconds * 1000:.0f} ms)")

    def fails(self, step: Step) -> None:  # noqa: ARG002 - a reporter is told
        """End it; the error names the step."""
        click.echo("failed")


report_step = Lines()


def _prune(state: State, plugin: str) -> None:
    count = asyncio.run(forget(state.settings, state.registry, plugin))
    if not count:
        raise MigrationError(f"nothing to forget: no migration of a plugin named {plugin!r} is recorded")
    click.echo(f"Forgot {count} migration{'s' * (count > 1)} of {plugin}; its tables stay.")


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
