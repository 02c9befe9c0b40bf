"""`dovetail startproject NAME [DIR]`: write a site that runs and is tested at once."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import click

import dovetail
from dovetail.cli.scaffold.names import check_name, plugin_values, title
from dovetail.cli.scaffold.tree import Part, write_tree

EXAMPLE = "notes"
MAY_BE_THERE = {".git", ".venv"}  # in a folder that is named as DIR
REVISIONS = Path(dovetail.__file__).parent / "migrations" / "make"  # holds the template of revisions


@click.command()
@click.argument("name")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def startproject(*, name: str, folder: Path | None) -> None:
    """Write the site NAME: settings, one small plugin, tests, and a Makefile with `run` and `test`.

    It goes to a new folder NAME, or to DIR, which may exist if it holds nothing but .git and .venv.
    """
    target = (folder or Path(name)).resolve()
    check_name(name, name, kind="site")
    if target.exists() and (folder is None or not _is_free(target)):
        raise click.ClickException(f"{target} exists already; choose another folder")
    values = {"name": name, "title": title(name), "version": dovetail.__version__, "source": source_of_dovetail()}
    example, place = plugin_values(EXAMPLE, f"plugins.{EXAMPLE}"), f"plugins/{EXAMPLE}"
    parts = [Part("plugin", place, example), Part("initial", place, example)]
    parts += [Part("plugin_tests", f"{place}/tests", example), Part(REVISIONS, "migrations")]
    write_tree(target, Part("project", values=values), *parts)
    click.secho(f"Wrote the site {name!r} to {target}/.", fg="green")
    click.echo("Next, there: make run, or make test")


def source_of_dovetail() -> str:
    """Return what pip is to install Dovetail from; empty if it comes from an index.

    pip writes down where a distribution came from that it was given a path or a URL of (PEP 610). Without a
    distribution this is a checkout, and its folder is the answer.
    """
    try:
        origin = distribution("dovetail").read_text("direct_url.json")
    except PackageNotFoundError:
        return f"dovetail @ {Path(dovetail.__file__).parent.parent.as_uri()}"
    if origin is None:
        return ""
    found = json.loads(origin)
    if version := found.get("vcs_info"):
        return f"dovetail @ {version['vcs']}+{found['url']}@{version['commit_id']}"
    return f"dovetail @ {found['url']}"


def _is_free(folder: Path) -> bool:
    return folder.is_dir() and {path.name for path in folder.iterdir()} <= MAY_BE_THERE
