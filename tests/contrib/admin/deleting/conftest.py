"""The site with the shelf, and with a plugin whose views have every kind of action."""

import pytest
from sqlalchemy import insert

from tests.contrib.admin.conftest import More
from tests.contrib.admin.shelf.models import ShelfBase
from tests.contrib.admin.workshop.admin import CALLS
from tests.contrib.admin.workshop.models import Tool, WorkshopBase


@pytest.fixture
def more() -> More:
    return {"tests.contrib.admin.shelf": ShelfBase, "tests.contrib.admin.workshop": WorkshopBase}


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setenv("ADMIN_ACTION_LIMIT", "1500")


@pytest.fixture
async def tools(session):
    """Make tools, all of them broken: `await tools(3)`."""
    CALLS.clear()

    async def make(count: int, **values: str) -> None:
        rows = [{"name": f"Tool {n:04}", "is_broken": True, **values} for n in range(count)]
        await session.execute(insert(Tool), rows)
        await session.commit()

    return make
