"""A site of its own for each test, and its database to look into."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.migrations.sites import Site


@pytest.fixture
def site(tmp_path: Path, empty_database_url: str) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder, empty_database_url)


@pytest.fixture
async def engine(empty_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(
        empty_database_url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool
    )
    yield engine
    await engine.dispose()
