"""The site with the shelf, and with a plugin whose views have every kind of action."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from dovetail.application import make_application
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases, migrate_site
from dovetail.testing.fixtures import running
from tests.contrib.admin.shelf.models import ShelfBase
from tests.contrib.admin.workshop.admin import CALLS
from tests.contrib.admin.workshop.models import Tool, WorkshopBase
from tests.tables import make_tables

MORE = ("tests.contrib.admin.shelf", "tests.contrib.admin.workshop")


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    """That of the site, with the tables of the two plugins."""

    def fill(url: str) -> None:
        migrate_site(settings_class, url)
        make_tables(url, ShelfBase, WorkshopBase)

    with _databases.copied(database_kind, (settings_class, MORE), fill) as url:
        yield url


@pytest.fixture
def settings(
    make_settings: Callable[..., Settings],
    settings_class: type[Settings],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    monkeypatch.setenv("ADMIN_ACTION_LIMIT", "1500")
    plugins = (*settings_class.model_fields["plugins"].default, *MORE)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def tools(session):
    """Make tools, all of them broken: `await tools(3)`."""
    CALLS.clear()

    async def make(count: int, **values: str) -> None:
        rows = [{"name": f"Tool {n:04}", "is_broken": True, **values} for n in range(count)]
        await session.execute(insert(Tool), rows)
        await session.commit()

    return make
