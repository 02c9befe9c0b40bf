"""The application of tests/probe: a site whose one plugin makes every mistake there is."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.util import find_spec

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.database.unit_of_work import Database
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import make_client, running
from tests import compiling, forked
from tests.docs.programs import Programs
from tests.probe.models import ProbeBase
from tests.tables import make_tables

# They take many seconds each: the last test of a run that other workers have ended must not be one of them. The longest
# of all begin first, for a run on many cores takes as long as they do.
LONG = (
    "tests/contrib/admin/test_accessibility.py",
    "tests/contrib/admin/looks/test_by_keyboard.py",
    "tests/packaging/",
    "tests/benchmarks/",
    "tests/test_docs.py",
    "tests/zoo/",
    "tests/contract/",
    "tests/cli/server/",
    "tests/cli/scaffold/",
    "tests/migrations/history/",
    "tests/server/",
)


@pytest.hookimpl(trylast=True)  # behind dovetail.testing.browser, whose servers need less
def pytest_configure() -> None:
    """Say what processes of tests begin with, whichever tests run, and let these compile a statement once."""
    forked.preload()
    compiling.share()
    if find_spec("sniffio") is None:  # httpx looks for it at each request, which takes a twentieth of a short one
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # Python's way to say that there is none


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the long tests first, in the order of `LONG`; the others stay in theirs."""
    items.sort(key=lambda item: next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG)))


@pytest.fixture
def pool_timeout() -> float:
    """Longer than any machine makes anybody wait for a connection; a test of those who give up names another."""
    return 60.0


@pytest.fixture
def probe_database_url(database_kind: str, _databases: TestDatabases) -> Iterator[str]:
    """The URL of a database with the tables of the probe, which has no migrations."""
    with _databases.copied(database_kind, ProbeBase, lambda url: make_tables(url, ProbeBase)) as url:
        yield url


@pytest.fixture
def probe_settings(make_settings: Callable[..., Settings], probe_database_url: str, pool_timeout: float) -> Settings:
    return make_settings(
        plugins=("tests.probe",),
        database_url=probe_database_url,
        database_pool_size=3,
        database_pool_timeout=pool_timeout,
    )


@pytest.fixture
async def probe_app(probe_settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(probe_settings)) as app:
        yield app


@pytest.fixture
def probe_database(probe_app: FastAPI) -> Database:
    database: Database = probe_app.state.database
    return database


@pytest.fixture
async def probe(probe_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(probe_app) as client:
        yield client


@pytest.fixture
async def probe_url(probe_app: FastAPI) -> AsyncIterator[str]:
    """The address of a real server that serves the probe."""
    async with serving(probe_app) as url:
        yield url


@pytest.fixture
def silent_port() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def create_tables(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(ProbeBase.metadata.create_all)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve `app` with uvicorn on a free port of this machine; its lifespan runs already."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    no_signals: Callable[[], AbstractAsyncContextManager[None] | nullcontext[None]] = nullcontext
    server.capture_signals = no_signals  # type: ignore[method-assign,assignment]  # pytest keeps its own
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, not an event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
def forked_python() -> Iterator[str]:
    """A Python for scripts and commands of this repository's site, each with all of it imported when it begins."""
    programs = Programs(is_site=True)
    yield str(programs.folder / "python")
    programs.close()


@pytest.fixture(scope="session", autouse=True)
def _children_hear_ctrl_c() -> Iterator[None]:
    """A process inherits which signals are ignored, and a job of a script (or of nohup) ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
