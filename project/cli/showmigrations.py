"""`manage.py showmigrations [PLUGIN...]`."""

import asyncio
from collections.abc import Sequence

import click

from project.cli.state import State
from project.migrations.errors import MigrationError
from project.migrations.history import History
from project.migrations.status import PluginState, RevisionState, migration_states


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
        click.echo(f" {_box(revision)} {revision.name}{_remark(revision, state)}")
    if not state.revisions:
        click.echo(" (no migrations)")


def _show_plan(history: History, states: Sequence[PluginState]) -> None:
    chosen = {revision.revision: revision for each in states for revision in each.revisions}
    for name in history.ordered(chosen):
        click.echo(f"{_box(chosen[name])} {name}")


def _box(revision: RevisionState) -> str:
    if revision.applied_at is None:
        return "[ ]"
    return "[x]" if revision.recorded else "[-]"


def _remark(revision: RevisionState, state: PluginState) -> str:
    if revision.replaces:
        unrecorded = revision.applied_at is not None and not revision.recorded
        return f" ({revision.replaces} squashed migrations{'; run manage.py migrate to record it' * unrecorded})"
    if revision.replaced_by:
        return f" (squashed into {revision.replaced_by})"
    return " (file is gone)" if state.installed and not revision.has_file else ""
