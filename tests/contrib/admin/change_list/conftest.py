"""The site with a plugin whose lists are edited, counted, narrowed and laid out."""

from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.settings import Settings
from dovetail.testing.fixtures import running
from tests.contrib.admin.depot.models import Courier, DepotBase, Parcel, Stage


@pytest.fixture
def settings(make_settings, settings_class, database_url) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.depot")
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(DepotBase.metadata.create_all)
        yield app


@pytest.fixture
def path_to(app) -> Callable[..., str]:
    """Where a page of a view is, below the back office: `path_to("parcels")`."""

    def find(identity: str, page: str = "list", **parameters: object) -> str:
        return str(app.url_path_for(f"admin:{page}", identity=f"depot/{identity}", **parameters)).removeprefix("/admin")

    return find


@pytest.fixture
async def parcels(session) -> list[Parcel]:
    ann, bob = Courier(name="Ann"), Courier(name="Bob")
    rows = [
        Parcel(label="Anvil", weight=90, stage=Stage.DELIVERED, is_paid=True, courier=ann),
        Parcel(label="Book", weight=1, courier=bob),
        Parcel(label="Chair", weight=7, stage=Stage.ON_ITS_WAY, courier=ann),
        Parcel(label="Dice", weight=1, is_paid=True),
    ]
    session.add_all(rows)
    await session.commit()
    return rows


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)
