"""A site with orders alone, on both roads, in the place of the library's; who asks is as there."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import running
from tests.orders.models import OrdersBase
from tests.tables import make_tables


@pytest.fixture
def orders_url(database_kind: str, _databases: TestDatabases) -> Iterator[str]:
    def fill(url: str) -> None:
        make_tables(url, OrdersBase, IdempotentAnswer.__table__)

    with _databases.copied(database_kind, OrdersBase, fill) as url:
        yield url


@pytest.fixture
async def app(
    on_road: Callable[[FastAPI], FastAPI], make_settings: Callable[..., Settings], orders_url: str
) -> AsyncIterator[FastAPI]:
    settings = make_settings(plugins=("tests.orders", "dovetail.contrib.idempotency"), database_url=orders_url)
    async with running(on_road(make_application(settings))) as application:
        yield application
