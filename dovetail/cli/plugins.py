"""`manage.py plugins`: which plugins there are, where they come from, and whether they work."""

from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import click

from dovetail.cli.output import print_table
from dovetail.cli.state import State
from dovetail.discovery import InstalledPlugin, import_plugins
from dovetail.errors import ConfigurationError
from dovetail.registry import Registry, load_models, load_web


@click.command()
@click.pass_obj
def plugins(state: State) -> int:
    """List the plugins in the order of their dependencies. Exits with 1 if one of them does not work."""
    try:
        found = list(state.registry.installed.values())
    except ConfigurationError as error:
        problems = error.detail.splitlines()
        found = list(import_plugins(state.settings.plugins, []))
    else:
        problems = _problems(state.registry)
    base = state.settings.base_dir.resolve()
    rows = [_row(entry, problems, base) for entry in found]
    importable = {entry.package for entry in found}
    rows += [("-", name, "-", "-", "broken") for name in state.settings.plugins if name not in importable]
    print_table(("NAME", "PACKAGE", "FROM", "DEPENDS ON", "STATE"), rows)
    for problem in problems:
        click.secho(problem, fg="red", err=True)
    return int(bool(problems))


def _problems(registry: Registry) -> list[str]:
    try:
        load_models(registry)
        load_web(registry)
    except ConfigurationError as error:
        return error.detail.splitlines()
    return []


def _row(entry: InstalledPlugin, problems: list[str], base: Path) -> tuple[str, ...]:
    plugin = entry.plugin
    broken = any(f"plugin {name!r}" in problem for problem in problems for name in (plugin.name, entry.package))
    return (
        plugin.name,
        entry.package,
        _origin(entry, base),
        ", ".join(plugin.depends_on) or "-",
        "broken" if broken else "enabled",
    )


def _origin(entry: InstalledPlugin, base: Path) -> str:
    """The package of the index that brought it and its version, or where it lies."""
    top = entry.package.partition(".")[0]
    names = packages_distributions().get(top, []) if "site-packages" in entry.path.parts else []
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    path = entry.path.resolve()
    return "this site" if path.is_relative_to(base) else str(path)
