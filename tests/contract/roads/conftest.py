"""Two equal databases for each test, copied from one that is seeded once a worker."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from config.settings import Settings
from dovetail.testing.databases import TestDatabases
from tests.contract.roads.site import Roads, both_roads, road_settings, seed
from tests.outside import run_async


@pytest.fixture
def two_databases(database_kind: str, _databases: TestDatabases) -> Iterator[tuple[str, str]]:
    """Give the URLs of two copies."""
    copy = partial(_databases.extended, database_kind, Settings, "roads", _seed)
    with copy() as one, copy() as other:
        yield one, other


@pytest.fixture
async def roads(two_databases: tuple[str, str]) -> AsyncIterator[Roads]:
    """Give both applications, each on its own copy."""
    async with both_roads(*two_databases) as found:
        yield found


def _seed(url: str) -> None:
    run_async(road_settings(url), seed)
    if url.startswith("postgresql"):
        run_async(road_settings(url), _count_on)


async def _count_on(session: Any) -> None:
    """Let sequences go on behind the keys that were given."""

    for table in (
        "blog_post",
        "comments_comment",
        "library_book",
        "library_loan",
        "shop_crate",
        "shop_note",
        "shop_vendor",
        "shop_label",
        "auth_group",
    ):
        await session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 10000)"))
