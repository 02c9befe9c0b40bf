"""`manage.py check`: look a site over before it runs."""

import asyncio
from collections.abc import Sequence

import click

from dovetail.cli.state import State
from dovetail.plugin import CheckMessage, Level
from dovetail.server.collector import collector_paused

COLOURS = {Level.INFO: "blue", Level.WARNING: "yellow", Level.ERROR: "red"}


@click.command()
@click.option("--deploy", is_flag=True, help="Also check what matters once strangers can reach the site.")
@click.option("--database", is_flag=True, help="Also ask the database: its migrations, and a pooler in front of it.")
@click.option(
    "--fail-level",
    type=click.Choice([level.name for level in Level], case_sensitive=False),
    default=Level.ERROR.name,
    show_default=True,
    help="Exit with 1 if there is a finding of this level or worse.",
)
@click.pass_obj
def check(state: State, *, deploy: bool, database: bool, fail_level: str) -> int:
    """Look over settings, models, routes and plugins, and print what is doubtful."""
    found = find(state, deploy=deploy)
    if database:
        from dovetail.cli.checks.database_checks import check_database

        found += asyncio.run(check_database(state))
    show(found)
    if not found:
        count = len(state.registry.plugins)
        click.secho(f"Everything is in order: {count} plugin{'' if count == 1 else 's'} checked.", fg="green")
    return int(any(message.level >= Level[fail_level.upper()] for message in found))


@collector_paused()
def find(state: State, *, deploy: bool = False, thorough: bool = True) -> list[CheckMessage]:
    """Run every check of the site, see `run_checks`. Raise ConfigurationError if no application can be made at all."""
    # Imported here: the checks need the whole application.
    from dovetail.cli.checks.system_checks import run_checks
    from dovetail.context import make_context

    return run_checks(make_context(state.settings, state.registry), state.registry, deploy=deploy, thorough=thorough)


def show(found: Sequence[CheckMessage]) -> None:
    """Print each finding on standard error, the worst first."""
    for message in found:
        text = str(message)
        level = click.style(message.level.name, fg=COLOURS[message.level], bold=True)
        click.echo(level + text.removeprefix(message.level.name), err=True)
