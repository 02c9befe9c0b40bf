"""The site with a plugin whose views use Django's options."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.settings import Settings
from dovetail.testing.fixtures import running
from tests.contrib.admin.atelier.models import Artist, AtelierBase, Painting


@pytest.fixture
def settings(make_settings, settings_class, database_url) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.atelier")
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(AtelierBase.metadata.create_all)
        yield app


@pytest.fixture
async def paintings(session) -> list[Painting]:
    vermeer, hals = Artist(name="Vermeer"), Artist(name="Hals", country="BE")
    rows = [
        Painting(title="The Milkmaid", slug="milkmaid", price=900, artist=vermeer, story="She pours milk."),
        Painting(title="View of Delft", slug="delft", price=50, artist=vermeer),
        Painting(title="Laughing Cavalier", slug="cavalier", artist=hals),
        Painting(title="A found sheet", slug="sheet-of-milkmaid", price=5),
    ]
    session.add_all(rows)
    await session.commit()
    return rows


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)
