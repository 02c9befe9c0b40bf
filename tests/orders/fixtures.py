"""A site with orders alone, by the fast road and by FastAPI's."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.orders.models import OrdersBase
from tests.tables import make_tables


@pytest.fixture
def orders_url(database_kind: str, _databases: TestDatabases) -> Iterator[str]:
    def fill(url: str) -> None:
        make_tables(url, OrdersBase, IdempotentAnswer.__table__)

    with _databases.copied(database_kind, OrdersBase, fill) as url:
        yield url


@pytest.fixture(params=["fast", "usual"])
async def app(
    request: pytest.FixtureRequest, make_settings: Callable[..., Settings], orders_url: str
) -> AsyncIterator[FastAPI]:
    settings = make_settings(plugins=("tests.orders", "dovetail.contrib.idempotency"), database_url=orders_url)
    made = make_application(settings)
    async with running(made if request.param == "fast" else without_fast_path(made)) as application:
        yield application


@pytest.fixture
async def owner(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "1"}) as client:
        yield client


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "2"}) as client:
        yield client


@pytest.fixture
async def staff(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(app, {"X-Viewer": "0"}) as client:
        yield client
