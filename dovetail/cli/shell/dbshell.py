"""`manage.py dbshell`: the database's own command line."""

import os
import shutil

import click
from sqlalchemy import URL

from dovetail.cli.state import State
from dovetail.database.engine.urls import database_url, is_memory


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def dbshell(state: State, *, arguments: tuple[str, ...]) -> None:
    """Start psql, or sqlite3, on the site's database; ARGUMENTS go to it, e.g. `manage.py dbshell -- -c "SELECT 1"`."""
    url = database_url(state.settings)
    client = "psql" if url.get_backend_name() == "postgresql" else "sqlite3"
    program = shutil.which(client)
    if program is None:
        raise click.ClickException(f"{client} is not installed, or not on the PATH")
    if is_memory(url):
        raise click.ClickException("a database in memory has no file to open; name a file in DATABASE_URL")
    command = [client, *arguments] if client == "psql" else [client, str(url.database), *arguments]
    os.execve(program, command, os.environ | _psql_environment(url))  # noqa: S606 - no shell


def _psql_environment(url: URL) -> dict[str, str]:
    """Return the variables that tell psql where to go: everybody on the machine sees the arguments of a process.

    (https://www.postgresql.org/docs/current/libpq-envars.html)
    """
    if url.get_backend_name() != "postgresql":
        return {}
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    found = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("ssl"),
        "PGPASSFILE": query.get("passfile"),
        "PGTARGETSESSIONATTRS": query.get("target_session_attrs"),
    }
    return {name: value for name, value in found.items() if value}
