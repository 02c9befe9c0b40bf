"""A site whose models have policies, with people and labels that not everybody may know of."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.guarded.models import GuardedBase, Keeper, Label, Note


@dataclass(frozen=True)
class Callers:
    nobody: httpx.AsyncClient
    owner: httpx.AsyncClient
    other: httpx.AsyncClient
    staff: httpx.AsyncClient


@pytest.fixture
async def app(make_settings: Callable[..., Settings], empty_database_url: str) -> AsyncIterator[FastAPI]:
    plugins = ("tests.guarded", "dovetail.contrib.idempotency")
    settings = make_settings(plugins=plugins, database_url=empty_database_url)
    async with running(make_application(settings)) as application:
        async with application.state.database.engine.begin() as connection:
            await connection.run_sync(GuardedBase.metadata.create_all)
            await connection.run_sync(IdempotentAnswer.__table__.create)
        async with application.state.database.unit_of_work() as session:
            open_, shut = Label(name="open"), Label(name="shut", is_open=False)
            rows = [
                Keeper(name="Ada", phone="111"),
                Keeper(name="Eve", phone="2", is_known=False),
                Note(title="mine", owner_id=1, grade=7, person_id=1, labels=[open_, shut]),
                Note(title="theirs", owner_id=2, grade=3, person_id=2),
                Note(title="public", owner_id=2, is_public=True, grade=5, person_id=2, labels=[shut]),
                Note(title="locked", owner_id=1, is_locked=True),
            ]
            for row in (open_, shut, *rows):  # each is numbered by the database, in this order
                session.add(row)
                await session.flush()
        yield application


@pytest.fixture
async def callers(app: FastAPI) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as stack:
        headers = ({}, {"X-Viewer": "1"}, {"X-Viewer": "2"}, {"X-Viewer": "0"})
        yield Callers(*[await stack.enter_async_context(make_client(app, one)) for one in headers])
