"""Fixtures for tests of a site and of plugins; `dovetail.testing.plugin` loads them.

Every test that asks for `database_url`, or for anything that stands on it, runs on SQLite and on PostgreSQL, each
time with a fresh copy of a database that the site's own migrations made.
"""

import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import InitSettingsSource
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.application import site_application
from dovetail.database.unit_of_work import Database
from dovetail.settings import Settings
from dovetail.testing import postgres
from dovetail.testing.databases import TestDatabases
from dovetail.testing.memory import memory_folder
from dovetail.testing.migrations import prove_history  # noqa: F401 - importing a fixture registers it
from dovetail.testing.plugin import named_settings
from dovetail.testing.statements import count_statements  # noqa: F401 - importing a fixture registers it

# New objects, and passes over younger ones: the applications of some forty tests wait for their end.
RARELY = (400_000, 10, 5)
TEST_SECRET_KEY = "a-secret-for-tests-only-0123456789abcdef"  # noqa: S105 - it guards nothing
# A machine that many share is no fault of a site: nobody is turned away because a test had to wait.
PATIENT = {"database_pool_timeout": 30.0, "database_connect_timeout": 30.0, "database_lock_timeout": 20.0}


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once; pytest-xdist's workers find it in their environment.

    The garbage collector runs rarely from now on. The modules of tests, and the application of each, are made of some
    200,000 objects that live on: looking through them meanwhile took a third of the time in which tests are collected,
    and a seventh of that in which they run.
    """
    gc.set_threshold(*RARELY)
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.add_cleanup(postgres.start_server(memory_folder()))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from reading again and again what is imported by now and lives to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def settings_class(request: pytest.FixtureRequest) -> type[Settings]:
    """Return the site's Settings class, as `dovetail_settings` in pyproject.toml names it."""
    return named_settings(request.config)


@pytest.fixture(scope="session")
def _databases() -> Iterator[TestDatabases]:
    with TemporaryDirectory(prefix="dovetail-sqlite-", dir=memory_folder()) as folder:
        databases = TestDatabases(Path(folder))
        yield databases
        databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Return "sqlite" and then "postgresql": a test that uses a database runs twice."""
    return str(request.param)


@pytest.fixture
def empty_database_url(database_kind: str, _databases: TestDatabases) -> Iterator[str]:
    """Give the URL of a fresh database without a table."""
    with _databases.empty(database_kind) as url:
        yield url


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    """Give the URL of a fresh database to which every migration of the site was applied."""
    with _databases.migrated(database_kind, settings_class) as url:
        yield url


@pytest.fixture
def make_settings(settings_class: type[Settings]) -> Callable[..., Settings]:
    """Return a function that makes the site's settings for a test.

    Its keyword arguments win over the defaults. The environment and `.env` are not read.
    """

    def make(**values: object) -> Settings:
        defaults: dict[str, object] = {"environment": "test", "secret_key": SecretStr(TEST_SECRET_KEY), **PATIENT}
        if "database_url" in values:
            values["database_url"] = SecretStr(str(values["database_url"]))
        # Of these values alone: asked for without its sources, the class would read the environment and `.env` too.
        return settings_class(_build_sources=((InitSettingsSource(settings_class, defaults | values),), {}))

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    """Return the site's settings with a fresh, migrated database."""
    return make_settings(database_url=database_url)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Give the site's application on a fresh database, with its lifespan running."""
    async with running(site_application(settings)) as application:
        yield application


@pytest.fixture
def database(app: FastAPI) -> Database:
    """Return the application's database."""
    return cast("Database", app.state.database)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """Give a session to prepare and inspect rows; commit what the application is to see."""
    async with database.sessions() as session:
        yield session


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client of the application, without a network; an exception in the application answers 500."""
    async with make_client(app) as client:
        yield client


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """Run the application's lifespan around a block."""
    async with app.router.lifespan_context(app):
        yield app


def make_client(app: FastAPI, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """Return an HTTP client of `app` that sends `headers` with every request; who calls this closes it."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)
