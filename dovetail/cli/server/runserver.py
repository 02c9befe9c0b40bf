"""`manage.py runserver`: serve the site."""

from collections.abc import Sequence

import click

from dovetail.cli.checks.check import find, show
from dovetail.cli.server.serving import Address, Listener, listen, parse_address, serve
from dovetail.cli.state import State
from dovetail.plugin import Level


@click.command()
@click.argument("address", required=False, metavar="[HOST:PORT]")
@click.option("--host", help="Where to listen.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen.  [default: 8000]")
@click.option("--workers", type=click.IntRange(min=1), help="How many processes; more than one does not reload.")
@click.option("--no-reload", is_flag=True, help="Do not start again when a file changes.")
@click.pass_obj
def runserver(
    state: State, *, address: str | None, host: str | None, port: int | None, workers: int | None, no_reload: bool
) -> int:
    """Serve the site on HOST:PORT, by default 127.0.0.1:8000.

    In development it starts again when a file changes. In production it runs one process a processor, but not more
    than four unless --workers says so.
    """
    where = parse_address(address, host, port)
    with listen(where) as listener:
        return run_server(state, where, listener, workers=workers, reload=not no_reload)


def run_server(
    state: State,
    where: Address,
    listener: Listener,
    *,
    workers: int | None = None,
    reload: bool = True,
    pages: Sequence[tuple[str, str]] = (),
) -> int:
    """Check the site, say what is doubtful, then serve it until told to stop; return the exit code.

    In production the checks that take as long as the start itself are left to `manage.py check`.
    `pages` are paths worth a look, each with its name.
    """
    found = find(state, deploy=not state.settings.debug, thorough=state.settings.debug)
    show(found)
    if any(message.level >= Level.ERROR for message in found):
        raise click.ClickException("the site does not start before these errors are corrected")
    # Imported here, so that finding out that a port is taken does not wait for SQLAlchemy.
    from dovetail.cli.checks.database_checks import warn_about_database
    from dovetail.cli.pool.facts import default_workers

    warn_about_database(state)
    count = workers or default_workers(state.settings)
    reload = reload and count == 1 and state.settings.debug
    _announce(state.settings.site_name, listener.url(where), count, reload=reload, pages=pages)
    return serve(state.settings, state.registry, listener, reload=reload, workers=count)


def _announce(name: str, url: str, workers: int, *, reload: bool, pages: Sequence[tuple[str, str]]) -> None:
    processes = "1 process" if workers == 1 else f"{workers} processes"
    click.secho(f"{name} is served at {url} by {processes}.", bold=True)
    for path, what in pages:
        click.echo(f"  {what:<20}{click.style(url + path, fg='cyan')}")
    click.echo("Press Ctrl+C to stop." + (" It starts again when a file changes." if reload else ""))
