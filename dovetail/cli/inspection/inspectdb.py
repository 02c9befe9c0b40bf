"""`manage.py inspectdb PLUGIN [TABLE]...`: write a plugin over tables that are there already."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import click
from sqlalchemy import Connection, MetaData

from dovetail.cli.data.plugin_tables import plugin_tables
from dovetail.cli.inspection.reading import TableSelection, read_tables
from dovetail.cli.scaffold.names import check_name
from dovetail.cli.scaffold.tree import Part, write_tree
from dovetail.cli.state import State

Write: TypeAlias = Callable[[MetaData, Connection, str, str], dict[str, str]]
FOLDER = "plugins"


@click.command()
@click.argument("plugin")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--schema", help="Take the tables of this schema of PostgreSQL, and not those of the default one.")
@click.option("--views", is_flag=True, help="Take views too, which are read and never written to.")
@click.option("--unmanaged", is_flag=True, help="Let no migration make the tables: another program goes on doing so.")
@click.option("--print", "prints", is_flag=True, help="Print the models, and write nothing.")
@click.pass_obj
def inspectdb(
    state: State,
    *,
    plugin: str,
    tables: tuple[str, ...],
    schema: str | None,
    views: bool,
    unmanaged: bool,
    prints: bool,
) -> None:
    """Write PLUGIN over the tables that no enabled plugin has, or over those named: models, resources and views.

    Its first migration makes the whole of them, and `migrate --fake-initial` takes the tables that are there for it.
    """
    write = _writer()
    package = f"{FOLDER}.{plugin}"
    target = state.settings.base_dir.resolve() / FOLDER / plugin
    if not prints:
        check_name(plugin, package, state.registry.installed)
        if target.exists():
            raise click.ClickException(f"{FOLDER}/{plugin} exists already; choose another name, or --print the models")
    selection = TableSelection(plugin=plugin, names=tables, schema=schema, views=views, is_managed=not unmanaged)
    values = asyncio.run(_read(state, selection, write, package))
    if prints:
        click.echo(values["models"])
        return
    write_tree(target, Part("inspected", values=values))
    # Imported here: it is for migrations, and nobody prints by it.
    from dovetail.migrations.make.revision_files import tidy

    tidy(sorted(target.rglob("*.py")))
    _say_what_is_next(target.relative_to(state.settings.base_dir.resolve()), package, plugin, selection)


def _writer() -> Write:
    """Return what writes code. Raise ClickException without sqlacodegen."""
    try:
        from dovetail.cli.inspection.plugin_code import template_values
    except ModuleNotFoundError:
        raise click.ClickException("this needs sqlacodegen; install it: pip install 'dovetail[inspectdb]'") from None
    return template_values


async def _read(state: State, selection: TableSelection, write: Write, package: str) -> dict[str, str]:
    async with state.open() as context, context.database.unit_of_work(read_only=True) as session:
        connection = await session.connection()
        known = plugin_tables(context)
        return await connection.run_sync(
            lambda one: write(read_tables(one, selection, known), one, selection.plugin, package)
        )


def _say_what_is_next(path: Path, package: str, plugin: str, selection: TableSelection) -> None:
    click.secho(f"Wrote the plugin {plugin!r} to {path}/.", fg="green")
    line = click.style(f'"{package}",', bold=True)
    click.echo("Next:")
    click.echo(f"  1. look it over, and add {line} to the plugins in the settings")
    if selection.is_managed:
        click.echo("  2. manage.py migrate")
        click.echo(f"  3. manage.py makemigrations {plugin}")
        click.echo("  4. manage.py migrate --fake-initial")
