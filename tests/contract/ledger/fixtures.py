"""The site with one more plugin, whose API answers by the fast road; a test may ask for the other one."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.database.models import Base, is_managed
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import running
from tests.contract.usual import without_fast_path
from tests.tables import make_tables


@pytest.fixture
def road() -> str:
    return "fast"


@pytest.fixture
def database_url(
    database_kind: str, settings_class: type[Settings], plugin: tuple[str, type[Base]], _databases: TestDatabases
) -> Iterator[str]:
    name, base = plugin

    def extend(url: str) -> None:
        make_tables(url, *filter(is_managed, base.metadata.sorted_tables))

    with _databases.extended(database_kind, settings_class, (name,), extend) as url:
        yield url


@pytest.fixture
async def app(
    make_settings: Callable[..., Settings],
    settings_class: type[Settings],
    database_url: str,
    plugin: tuple[str, type[Base]],
    road: str,
) -> AsyncIterator[FastAPI]:
    plugins = (*settings_class.model_fields["plugins"].default, plugin[0])
    made = make_application(make_settings(database_url=database_url, plugins=plugins))
    async with running(without_fast_path(made) if road == "usual" else made) as app:
        yield app


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)


@pytest.fixture
async def office(boss, back_office_for) -> BackOffice:
    return await back_office_for(boss)
