"""`manage.py migrate [PLUGIN [REVISION|zero]]`."""

from math import isnan
from typing import Any

import click

from dovetail.cli.state import State
from dovetail.migrations.history.status import is_up_to_date
from dovetail.migrations.locks.patience import LOCK_TIMEOUT

LONGEST_WAIT = 86_400  # seconds


class Seconds(click.FloatRange):
    """A number of seconds; click takes `nan` for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Raise click.BadParameter."""
        seconds: float = super().convert(value, param, ctx)
        return self.fail(f"{value!r} is no number of seconds", param, ctx) if isnan(seconds) else seconds


@click.command("migrate")
@click.argument("plugin", required=False)
@click.argument("revision", required=False)
@click.option("--plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--fake", is_flag=True, help="Record migrations as done, or undone, without running them.")
@click.option(
    "--fake-initial", is_flag=True, help="Only record first migrations whose tables are there as they make them."
)
@click.option("--yes", is_flag=True, help="Do not ask before undoing migrations of other plugins.")
@click.option(
    "--database-timeout",
    type=Seconds(min=0, max=LONGEST_WAIT),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a lock, in short tries that let the site go on; 0 waits for ever.",
)
@click.option(
    "--prune", metavar="PLUGIN", help="Forget migrations whose plugin, or whose file, was removed; the tables stay."
)
@click.pass_obj
def migrate(
    state: State,
    /,
    plugin: str | None,
    revision: str | None,
    *,
    plan: bool,
    fake: bool,
    fake_initial: bool,
    yes: bool,
    database_timeout: float,
    prune: str | None,
) -> None:
    """Bring the database up to date, or one PLUGIN to REVISION: a number, a name, or `zero` for none of its tables.

    Going back undoes the migrations of other plugins that depend on what is undone; they are listed, and you are
    asked.
    """
    if fake and fake_initial:
        raise click.UsageError("--fake records every migration, --fake-initial those whose tables are there; give one")
    if plugin is None and prune is None and is_up_to_date(state.settings, state.registry):
        click.echo("No migrations to apply.")
        return
    # Imported here: most runs find nothing to do, and do without Alembic; on SQLite without SQLAlchemy, too.
    from dovetail.cli.migrations.apply import apply_to, forget_plugin, show_plan
    from dovetail.migrations.run.runner import Target

    target = Target(
        plugin=plugin, revision=revision, fake=fake, fake_initial=fake_initial, lock_timeout=database_timeout
    )
    if prune is not None:
        forget_plugin(state, prune)
    elif plan:
        show_plan(state, target)
    else:
        apply_to(state, target, yes=yes)
