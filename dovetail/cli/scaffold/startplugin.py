"""`startplugin NAME`: write a plugin that runs, is tested and can be migrated at once.

`manage.py` writes it into the site; `--package` makes it a distribution of its own, for which no site is needed.
"""

from collections.abc import Collection
from pathlib import Path

import click

from dovetail import __version__
from dovetail.cli.scaffold.names import check_name, plugin_values
from dovetail.cli.scaffold.tree import Part, write_tree
from dovetail.cli.state import State

BESIDE_THE_PACKAGE = {"manage", "tests"}  # modules of a distribution


@click.command()
@click.argument("name")
@click.option("--dir", "folder", help="The folder to write it to: plugins, or with --package the current one.")
@click.option("--package", "is_package", is_flag=True, help="Make it a distribution of its own, for pip to install.")
@click.pass_obj
def startplugin(state: State | None, *, name: str, folder: str | None, is_package: bool) -> None:
    """Write the plugin NAME: a model, its API, its page in the back office, and tests that pass."""
    if is_package:
        _write_package(name, Path(folder or "."), state.registry.installed if state else ())
    elif state is None:
        raise click.ClickException("there is no site here; add --package, or use the manage.py of a site")
    else:
        _write_to_site(state, name, folder or "plugins")


def _write_to_site(state: State, name: str, folder: str) -> None:
    base = state.settings.base_dir.resolve()
    parent = _parent(base, folder)
    package = ".".join([*parent.relative_to(base).parts, name])
    check_name(name, package, state.registry.installed)
    if (parent / name).exists():
        raise click.ClickException(f"{(parent / name).relative_to(base)} exists already; choose another name")
    values = plugin_values(name, package)
    write_tree(parent / name, Part("plugin", values=values), Part("plugin_tests", "tests", values))
    _say_what_is_next(state, parent.relative_to(base) / name, name, package)


def _write_package(name: str, folder: Path, enabled: Collection[str]) -> None:
    if name in BESIDE_THE_PACKAGE:
        raise click.ClickException(f"{name!r} cannot name a plugin: its distribution has {name} beside the package")
    check_name(name, name, enabled)
    target = folder.resolve() / name
    if target.exists():
        raise click.ClickException(f"{target} exists already; choose another name, or another folder with --dir")
    values = plugin_values(name, name) | {"distribution": name.replace("_", "-"), "version": __version__}
    parts = (("package", "."), ("plugin", name), ("initial", name), ("plugin_tests", "tests"))
    write_tree(target, *(Part(source, place, values) for source, place in parts))
    click.secho(f"Wrote the plugin {name!r} to {target}/.", fg="green")
    click.echo("Next, there:")
    click.echo("  1. python -m pip install -e '.[test]'")
    click.echo("  2. python -m pytest")
    click.echo(f"  3. python manage.py quickstart, and look at /api/{name}/items, /docs and /admin/")


def _parent(base: Path, folder: str) -> Path:
    parent = (base / folder).resolve()
    if not parent.is_dir():
        raise click.ClickException(f"there is no folder {folder!r} in {base}")
    if not parent.is_relative_to(base) or not all(part.isidentifier() for part in parent.relative_to(base).parts):
        raise click.ClickException(f"{folder!r} is no package of this site, so nothing in it can be imported")
    return parent


def _say_what_is_next(state: State, path: Path, name: str, package: str) -> None:
    click.secho(f"Wrote the plugin {name!r} to {path}/.", fg="green")
    settings = state.settings_class.__module__.replace(".", "/") + ".py"
    line = click.style(f'"{package}",', bold=True)
    click.echo("Next:")
    click.echo(f"  1. add {line} to the plugins in {settings}")
    click.echo(f"  2. manage.py makemigrations {name}")
    click.echo("  3. manage.py migrate")
    click.echo(f"  4. manage.py test {path}")
    click.echo(f"  5. manage.py runserver, and look at /api/{name}/items, /docs and /admin/")
