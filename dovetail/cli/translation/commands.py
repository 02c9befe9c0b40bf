"""`manage.py makemessages` and `compilemessages`: the catalogs of a site, of its plugins and of the framework."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from dovetail.cli.state import State
from dovetail.cli.translation.names import error_messages, names_of
from dovetail.translation.catalogs import FRAMEWORK

try:  # part of dovetail[dev]: a site that runs translates with what was compiled
    from dovetail.cli.translation.catalogs import DOMAINS, as_mo, as_po, po_path, read_catalog, updated
    from dovetail.cli.translation.extraction import Source
except ImportError:
    raise click.ClickException("this needs Babel; install it: python -m pip install 'dovetail[dev]'") from None

OURS = "dovetail"  # what the framework is called among the names of plugins


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--locale", "-l", "languages", multiple=True, help="A language, such as de; by default, those of LANGUAGES."
)
@click.pass_obj
def makemessages(state: State, *, names: tuple[str, ...], languages: tuple[str, ...]) -> None:
    """Write every text of the plugins NAMES, or of all that are this site's own, into their catalogs.

    Texts that the code no longer has are taken out, and what is translated stays as it is.
    """
    for source in sources(state, names):
        for language in languages or _others(state):
            for domain in DOMAINS:
                catalog = updated(source, language, domain)
                path = po_path(source.locale, language, domain)
                if not len(catalog) and not path.is_file():
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(as_po(catalog))
                missing = sum(not any(one.string or "") for one in catalog if one.id)
                click.echo(f"{path}: {len(catalog)} texts, {missing} without a translation")


@click.command()
@click.argument("names", nargs=-1)
@click.pass_obj
def compilemessages(state: State, *, names: tuple[str, ...]) -> None:
    """Compile the catalogs of the plugins NAMES, or of all that are this site's own, for the site to read."""
    for source in sources(state, names):
        for path in sorted(source.locale.glob("*/LC_MESSAGES/*.po")):
            language = path.parents[1].name.replace("_", "-").lower()
            path.with_suffix(".mo").write_bytes(as_mo(read_catalog(path, language)))
            click.echo(f"{path.with_suffix('.mo')}")


def sources(state: State, names: tuple[str, ...]) -> Iterator[Source]:
    """Yield where plugins have their texts. Raise ClickException for a plugin that there is not."""
    installed = state.registry.installed
    if unknown := sorted(set(names) - {OURS, *installed}):
        raise click.ClickException(f"there is no plugin {unknown[0]!r}; there are {', '.join([*installed, OURS])}")
    base = state.settings.base_dir.resolve()
    for name, entry in installed.items():
        is_ours = entry.package.startswith(f"{OURS}.")
        if name in names or (not names and not is_ours and entry.path.resolve().is_relative_to(base)):
            yield Source(entry.path, entry.path / "locale", names_of([entry.plugin]))
    if OURS in names:
        plugins = [one.plugin for one in installed.values() if one.package.startswith(f"{OURS}.")]
        yield Source(_folder(OURS), FRAMEWORK, [*names_of(plugins), *error_messages()])
    if not names and (base / "project").is_dir():
        yield Source(base / "project", base / "project" / "locale")


def _others(state: State) -> list[str]:
    return [code for code, _ in state.settings.languages if code.partition("-")[0] != "en"]


def _folder(package: str) -> Path:
    spec = find_spec(package)
    return Path(str(spec and spec.origin)).parent
