"""The site with the worlds in it, on each road and database, and a client for everybody who may ask."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Table, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from config.settings import Settings
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.auth.models import Group, Permission, User, groups_permissions, users_groups, users_permissions
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.database.unit_of_work import Database
from dovetail.settings import SETTINGS
from dovetail.signing import hash_token
from dovetail.testing.fixtures import make_client, running
from project.application import create_app
from tests.contract.usual import without_fast_path
from tests.contract.worlds.filling import fill
from tests.contract.worlds.models import Folder, Label, Note, WorldBase, note_labels
from tests.contract.worlds.policies import Current
from tests.contract.worlds.rules import PERMISSIONS, Person
from tests.contract.worlds.world import PEOPLE, World, make_world

WORLDS = int(os.environ.get("WORLDS", "3"))  # a few thousand by `make worlds`
FIRST_WORLD = int(os.environ.get("FIRST_WORLD", "0"))
TOGETHER = 100  # worlds in one test, so that workers share them


@dataclass(frozen=True)
class Site:
    """A site that one world after another is put into."""

    app: FastAPI
    clients: Mapping[int | None, httpx.AsyncClient]  # with a token, for REST
    desks: Mapping[int, httpx.AsyncClient]  # with a cookie, for the back office
    cookie: str

    @property
    def database(self) -> Database:
        """The database of the site."""
        database: Database = self.app.state.database
        return database

    def client(self, person: Person | None) -> httpx.AsyncClient:
        """Return the client of somebody."""
        return self.clients[None if person is None else person.id]

    async def enter(self, seed: int) -> World:
        """Put a world in the place of the one before."""
        world = Current.world = make_world(seed)
        async with self.database.engine.begin() as connection:
            await _empty(connection)
            await fill(connection, world)
            sessions = [_session(key, kind) for key in PEOPLE for kind in SessionKind]
            await connection.execute(insert(Session), sessions)
            if connection.dialect.name == "postgresql":  # which does not count on from keys that were given
                await connection.exec_driver_sql("SELECT setval('worlds_note_id_seq', 1000)")
        for key, desk in self.desks.items():
            desk.cookies.clear()  # the token of the world before was changed
            desk.cookies.set(self.cookie, token_of(key, SessionKind.OFFICE), domain="testserver.local", path="/")
        return world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand each test its `seeds`, which are those of some of the worlds."""
    if "seeds" in metafunc.fixturenames:
        end = FIRST_WORLD + WORLDS
        pieces = [range(first, min(first + TOGETHER, end)) for first in range(FIRST_WORLD, end, TOGETHER)]
        metafunc.parametrize("seeds", pieces, ids=[f"{piece[0]}-{piece[-1]}" for piece in pieces])


@pytest.fixture
async def site(make_settings: Callable[..., Settings], database_url: str, database_kind: str) -> AsyncIterator[Site]:
    """Give the site: each road on one database, for roads/ compares both on both."""
    plugins = (*Settings.model_fields["plugins"].default, "tests.contract.worlds")
    app = create_app(make_settings(plugins=plugins, database_url=database_url))
    if database_kind == "sqlite":
        app = without_fast_path(app)
    async with running(app), AsyncExitStack() as stack:
        database: Database = app.state.database
        async with database.engine.begin() as connection:
            await connection.run_sync(WorldBase.metadata.create_all)
            names = [{"name": name, "plugin": "worlds", "title": name} for name in PERMISSIONS]
            await connection.execute(insert(Permission), names)
        cookie = Cookies(SETTINGS.get(app).secret_key, secure=False).session
        clients: dict[int | None, httpx.AsyncClient] = {}
        desks: dict[int, httpx.AsyncClient] = {}
        for key in (None, *PEOPLE):
            headers = {} if key is None else {"Authorization": f"Bearer {token_of(key)}"}
            clients[key] = await stack.enter_async_context(make_client(app, headers))
            if key is not None:
                desks[key] = await stack.enter_async_context(make_client(app, {"Origin": "http://testserver"}))
        yield Site(app, clients, desks, cookie)


def token_of(key: int, kind: SessionKind = SessionKind.API) -> str:
    """Return the token of a user."""
    return f"the-token-of-{key}-for-{kind}"


def _session(key: int, kind: SessionKind) -> dict[str, object]:
    later = datetime.now(UTC) + timedelta(days=1)
    return {"user_id": key, "door": kind, "token_hash": hash_token(token_of(key, kind)), "expires_at": later}


async def _empty(connection: AsyncConnection) -> None:
    links: tuple[Table, ...] = (note_labels, users_permissions, groups_permissions, users_groups)
    for table in links:
        await connection.execute(delete(table))
    for model in (Note, Folder, Label, Session, User, Group):
        await connection.execute(delete(model))
