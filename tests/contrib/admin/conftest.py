"""The site with two more plugins: views that use every seam, and views of every kind of attribute."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.orm import DeclarativeBase

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import TEST_SECRET_KEY, running
from tests.contrib.admin.drawer.models import DrawerBase
from tests.contrib.admin.shelf.models import ShelfBase
from tests.tables import make_tables

COOKIE = Cookies(SecretStr(TEST_SECRET_KEY), secure=False).session
More = Mapping[str, type[DeclarativeBase]]  # plugins, and the tables that they bring


@pytest.fixture
def more() -> More:
    return {"tests.contrib.admin.shelf": ShelfBase, "tests.contrib.admin.drawer": DrawerBase}


@pytest.fixture
def database_url(
    database_kind: str, settings_class: type[Settings], more: More, _databases: TestDatabases
) -> Iterator[str]:
    """That of the site, with the tables of the two plugins."""

    def extend(url: str) -> None:
        make_tables(url, *more.values())

    with _databases.extended(database_kind, settings_class, tuple(more), extend) as url:
        yield url


@pytest.fixture
def settings(
    make_settings: Callable[..., Settings], settings_class: type[Settings], database_url: str, more: More
) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, *more)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", full_name="The Boss", is_superuser=True, is_verified=True)


@pytest.fixture
async def office(boss, back_office_for) -> BackOffice:
    return await back_office_for(boss)
