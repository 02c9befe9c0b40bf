"""`manage.py squashmigrations PLUGIN FROM TO`."""

import click

import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
from dovetail.cli.state import State
from dovetail.migrations.make.squashing import squash


@click.command("squashmigrations")
@click.argument("plugin")
@click.argument("first", metavar="FROM")
@click.argument("last", metavar="TO")
@click.pass_obj
def squashmigrations(state: State, /, plugin: str, first: str, last: str) -> None:
    """Write one migration of PLUGIN that stands for those FROM one TO another.

    Databases that have them all take it for applied, and new ones apply it alone. Keep the old files until no database
    is in between, then delete them.
    """
    path, replaced = squash(state.settings.base_dir, state.registry, plugin, first, last)
    click.echo(f"{plugin}: {path.stem}, which replaces {len(replaced)} migrations: {', '.join(replaced)}.")
    click.echo("Keep their files until every database has applied all of them or none; then delete them.")
