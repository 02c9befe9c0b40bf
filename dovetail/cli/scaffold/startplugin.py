"""`manage.py startplugin NAME`: write a plugin that runs, is tested and can be migrated at once."""

import importlib.util
import keyword
import re
import tempfile
from collections.abc import Collection
from pathlib import Path
from string import Template

import click

from dovetail.cli.state import State

TEMPLATES = Path(__file__).parent / "templates" / "plugin"
LONGEST_NAME = 30  # PostgreSQL cuts names at 63 characters, and those of indexes are made of table and columns


@click.command()
@click.argument("name")
@click.option("--dir", "folder", default="plugins", show_default=True, help="The package to write it to.")
@click.pass_obj
def startplugin(state: State, *, name: str, folder: str) -> None:
    """Write the plugin NAME: a model, its API, its page in the back office, and tests that pass."""
    base = state.settings.base_dir.resolve()
    parent = _parent(base, folder)
    package = ".".join([*parent.relative_to(base).parts, name])
    _check_name(name, package, state.registry.installed)
    if (parent / name).exists():
        raise click.ClickException(f"{(parent / name).relative_to(base)} exists already; choose another name")
    _write(parent / name, {"name": name, "package": package, "model": _camel(name) + "Item", "title": _title(name)})
    _say_what_is_next(state, parent.relative_to(base) / name, name, package)


def _parent(base: Path, folder: str) -> Path:
    parent = (base / folder).resolve()
    if not parent.is_dir():
        raise click.ClickException(f"there is no folder {folder!r} in {base}")
    if not parent.is_relative_to(base) or not all(part.isidentifier() for part in parent.relative_to(base).parts):
        raise click.ClickException(f"{folder!r} is no package of this site, so nothing in it can be imported")
    return parent


def _check_name(name: str, package: str, enabled: Collection[str]) -> None:
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or len(name) > LONGEST_NAME:
        problem = f"expected up to {LONGEST_NAME} lower-case letters, digits and _, with a letter first"
    elif keyword.iskeyword(name):
        problem = "it is a word of the language Python"
    elif name in enabled:
        problem = "an enabled plugin has this name"
    elif importlib.util.find_spec(package) is not None:
        problem = f"there is a module {package} already"
    else:
        return
    raise click.ClickException(f"{name[:60]!r} cannot name a plugin: {problem}")


def _write(target: Path, values: dict[str, str]) -> None:
    """Fill in the templates next to `target` and rename at the end, so that there is all of it or nothing."""
    with tempfile.TemporaryDirectory(prefix=".startplugin-", dir=target.parent) as temporary:
        fresh = Path(temporary) / target.name
        for template in sorted(TEMPLATES.rglob("*.tmpl")):
            path = fresh / template.relative_to(TEMPLATES).with_suffix("")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template(template.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        fresh.rename(target)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _title(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


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
