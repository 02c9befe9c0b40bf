"""`manage.py showmigrations [PLUGIN...]`."""

import click

from dovetail.cli.state import State
from dovetail.errors import MigrationError
from dovetail.migrations.history.status import PluginState, RevisionState, migration_states, recorded_migrations


@click.command("showmigrations")
@click.argument("plugins", nargs=-1, metavar="[PLUGIN]...")
@click.option("--plan", is_flag=True, help="List them in the order in which they apply.")
@click.pass_obj
def showmigrations(state: State, /, plugins: tuple[str, ...], *, plan: bool) -> None:
    """List the migrations of each plugin: [x] is applied, [ ] is not."""
    recorded = recorded_migrations(state.settings)
    states = migration_states(state.registry, recorded)
    unknown = set(plugins).difference(each.plugin for each in states)
    if unknown:
        raise MigrationError(f"there is no plugin {' or '.join(sorted(unknown))}")
    chosen = [each for each in states if not plugins or each.plugin in plugins]
    if plan:
        # Imported here: only the order needs Alembic.
        import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
        from dovetail.migrations.history.graph import load_history

        history = load_history(state.settings.base_dir, state.registry, recorded)
        boxes = {revision.revision: _box(revision) for each in chosen for revision in each.revisions}
        for name in history.ordered(boxes):
            click.echo(f"{boxes[name]} {name}")
    else:
        for each in chosen:
            _show_plugin(each)


def _show_plugin(state: PluginState) -> None:
    click.echo(state.plugin + ("" if state.installed else " (not installed)"))
    for revision in state.revisions:
        click.echo(f" {_box(revision)} {revision.name}{_remark(revision, state)}")
    if not state.revisions:
        click.echo(" (no migrations)")


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
