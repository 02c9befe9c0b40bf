"""The site with the zoo, a back office for it, and the history of its changes."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import inspect

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import running
from tests.tables import make_tables
from tests.zoo.back_office import wardrobe
from tests.zoo.back_office.views import office_plugin


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    def extend(url: str) -> None:
        models = office_plugin(database_kind).models
        make_tables(url, *dict.fromkeys(table for model in models for table in inspect(model).tables), wardrobe.SPARES)

    with _databases.extended(database_kind, settings_class, "zoo", extend) as url:
        yield url


@pytest.fixture
def settings(make_settings: Callable[..., Settings], settings_class: type[Settings], database_url: str) -> Settings:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    plugins = (*settings_class.model_fields["plugins"].default, f"tests.zoo.back_office.on_{kind}")
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def office(make_user, back_office_for) -> BackOffice:
    return await back_office_for(await make_user(username="boss", is_superuser=True, is_verified=True))
