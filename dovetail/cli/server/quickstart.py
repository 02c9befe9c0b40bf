"""`manage.py quickstart`: from a fresh clone to a running demo site; what `make run` runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dovetail.api.addresses import path_of
from dovetail.application import site_application
from dovetail.cli.main import load_command
from dovetail.cli.migrations.apply import apply_everything
from dovetail.cli.server.runserver import run_server
from dovetail.cli.server.serving import Address, listen
from dovetail.cli.state import State
from dovetail.plugin import Command

PAGES = (("show_landing_page", "Landing page"), ("show_docs", "API documentation"), ("admin:index", "Back office"))


@click.command()
@click.option("--host", default=Address.host, show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=Address.port, show_default=True, help="Where to listen.")
@click.pass_obj
def quickstart(state: State, *, host: str, port: int) -> int:
    """Apply every migration, make an administrator and demo content if there are none, and serve the site.

    Running it again is harmless.
    """
    if not state.settings.debug:
        raise click.ClickException(
            "quickstart makes demo content; in production use migrate, createsuperuser and runserver"
        )
    where = Address(host, port)
    with listen(where) as listener:
        with _one_at_a_time(state.settings.base_dir / "var"):
            apply_everything(state)
            for command in _steps(state):
                _run(state, command)
        app = site_application(state.settings)
        pages = [(path, title) for name, title in PAGES if (path := path_of(app, name)) is not None]
        return run_server(state, where, listener, pages=pages)


def _steps(state: State) -> list[Command]:
    return [
        command for plugin in state.registry.plugins for command in plugin.commands if command.quickstart is not None
    ]


def _run(state: State, command: Command) -> None:
    arguments = list(command.quickstart or ())
    load_command(command).main(arguments, f"manage.py {command.name}", standalone_mode=False, obj=state)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a lock that the system drops with the process, so that two quickstarts do not seed one database at once."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; there a quickstart is one person's affair
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "quickstart.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
