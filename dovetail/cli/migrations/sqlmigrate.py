"""`manage.py sqlmigrate PLUGIN REVISION`."""

import asyncio

import click

import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
from dovetail.cli.state import State
from dovetail.migrations.run.sqlmigrate import statements_of


@click.command("sqlmigrate")
@click.argument("plugin")
@click.argument("revision")
@click.option("--backwards", is_flag=True, help="The SQL that undoes it.")
@click.pass_obj
def sqlmigrate(state: State, /, plugin: str, revision: str, *, backwards: bool) -> None:
    """Print the SQL of one migration, as the site's database would be told it; nothing is run there.

    What Dovetail records beside it is left out.
    """
    click.echo(
        asyncio.run(statements_of(state.settings, state.registry, plugin, revision, backwards=backwards)).strip()
        or "-- This migration sends nothing."
    )
