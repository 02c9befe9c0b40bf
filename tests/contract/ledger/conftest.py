"""The site with the ledger, whose API answers by the fast road; a test may ask for the other one."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import running
from tests.contract.ledger.models import LedgerBase, Total
from tests.contract.usual import without_fast_path
from tests.tables import make_tables

PLUGIN = "tests.contract.ledger"
VIEW = """
CREATE VIEW ledger_total AS SELECT day, level, sum("Total Amount") AS amount FROM ledger_booking GROUP BY day, level
"""


@pytest.fixture
def road() -> str:
    return "fast"


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    tables = [table for table in LedgerBase.metadata.sorted_tables if table is not Total.__table__]
    with _databases.extended(database_kind, settings_class, (PLUGIN,), lambda url: make_tables(url, *tables)) as url:
        yield url


@pytest.fixture
async def app(
    make_settings: Callable[..., Settings], settings_class: type[Settings], database_url: str, road: str
) -> AsyncIterator[FastAPI]:
    plugins = (*settings_class.model_fields["plugins"].default, PLUGIN)
    made = make_application(make_settings(database_url=database_url, plugins=plugins))
    async with running(without_fast_path(made) if road == "usual" else made) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.execute(text(VIEW))
        yield app


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)


@pytest.fixture
async def office(boss, back_office_for) -> BackOffice:
    return await back_office_for(boss)
