"""The site with a plugin whose views choose related objects in every way."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import running
from tests.contrib.admin.guild.models import Crafter, GuildBase, Rank, Skill, Town, Workshop
from tests.tables import make_tables

PLUGIN = "tests.contrib.admin.guild"


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    """That of the site, with the tables of the plugin."""

    def extend(url: str) -> None:
        make_tables(url, GuildBase)

    with _databases.extended(database_kind, settings_class, PLUGIN, extend) as url:
        yield url


@pytest.fixture
def settings(make_settings, settings_class, database_url) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, PLUGIN)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def workshop(session) -> Workshop:
    """A workshop with a head and a skill, and more of each to choose from."""
    ada, ben, cid = (
        Crafter(name="Ada", rank=Rank.MASTER),
        Crafter(name="Ben"),
        Crafter(name="Cid", rank=Rank.MASTER, is_retired=True),
    )
    weaving, wood = Skill(name="Weaving"), Skill(name="Woodwork")
    made = Workshop(name="Looms", head=ada, skills=[weaving])
    session.add_all([made, ben, cid, wood, Skill(name="Glass"), Town(name="Delft"), Town(name="Bruges")])
    await session.commit()
    return made


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)


@pytest.fixture
async def desk(session, make_user, back_office_for) -> BackOffice:
    """That of somebody who may change workshops and look at crafters, and no more."""
    clerk = await make_user(username="clerk", is_staff=True)
    names = ("change_workshop", "add_workshop", "view_crafter", "view_skill")
    session.add_all([Permission(name=f"guild.{name}", plugin="guild", title=name) for name in names])
    await grant(session, clerk, [f"guild.{name}" for name in names])
    await session.commit()
    return await back_office_for(clerk)


@pytest.fixture
def named(session) -> Callable[[type[GuildBase], str], Awaitable[str]]:
    """Return the key of what is called so, and hold no lock."""

    async def find(model: type[GuildBase], name: str) -> str:
        key = await session.scalar(select(model.id).where(model.name == name))
        await session.commit()
        return str(key)

    return find
