"""`manage.py showmigrations [PLUGIN...]`."""

import asyncio
from collections.abc import Sequence

import click

from project.cli.state import State
from project.migrations.errors import MigrationError
from project.migrations.history import History
from project.migrations.status import PluginState, migration_states


@click.command("showmigrations")
@click.argument("plugins", nargs=-1, metavar="[PLUGIN]...")
@click.option("--plan", is_flag=True, help="List them in the order in which they apply.")
@click.pass_obj
def showmigrations(state: State, /, plugins: tuple[str, ...], *, plan: bool) -> None:
    """List the migrations of each plugin: [x] is applied, [ ] is not."""
    history, states = asyncio.run(migration_states(state.settings, state.registry))
    unknown = set(plugins).difference(each.plugin for each in states)
    if unknown:
        raise MigrationError(f"there is no plugin {' or '.join(sorted(unknown))}")
    chosen = [each for each in states if not plugins or each.plugin in plugins]
    if plan:
        _show_plan(history, chosen)
    else:
        for each in chosen:
            _show_plugin(each)


def _show_plugin(state: PluginState) -> None:
    click.echo(state.plugin + ("" if state.installed else " (not installed)"))
    for revision in state.revisions:
        lost = "" if revision.has_file or not state.installed else " (file is gone)"
        click.echo(f" {_box(applied=revision.applied_at is not None)} {revision.name}{lost}")
    if not state.revisions:
        click.echo(" (no migrations)")


def _show_plan(history: History, states: Sequence[PluginState]) -> None:
    applied = {revision.revision: revision.applied_at is not None for each in states for revision in each.revisions}
    for name in history.ordered(applied):
        click.echo(f"{_box(applied=applied[name])} {name}")


def _box(*, applied: bool) -> str:
    return "[x]" if applied else "[ ]"
