"""Two equal databases for each test, copied from one that is seeded once a worker."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config.settings import Settings
from dovetail.testing import postgres
from dovetail.testing.databases import TestDatabases
from tests.contract.roads.site import Roads, both_roads, road_settings, seed
from tests.outside import run_async

_numbers = count()


@pytest.fixture(scope="session")
def _seeded(_databases: TestDatabases) -> Iterator[Callable[[str], str]]:
    with ExitStack() as stack:
        urls: dict[str, str] = {}

        def url_of(kind: str) -> str:
            if kind not in urls:
                urls[kind] = stack.enter_context(_databases.migrated(kind, Settings))
                run_async(road_settings(urls[kind]), seed)
                run_async(road_settings(urls[kind]), _count_on) if kind == "postgresql" else None
            return urls[kind]

        yield url_of


@pytest.fixture
def two_databases(database_kind: str, _seeded: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Give the URLs of two copies."""
    template = _seeded(database_kind)
    with _copy(database_kind, template) as one, _copy(database_kind, template) as other:
        yield one, other


@pytest.fixture
async def roads(two_databases: tuple[str, str]) -> AsyncIterator[Roads]:
    """Give both applications, each on its own copy."""
    async with both_roads(*two_databases) as found:
        yield found


@contextmanager
def _copy(kind: str, url: str) -> Iterator[str]:
    name = f"roads_{os.getpid()}_{next(_numbers)}"
    if kind == "postgresql":
        yield postgres.create_database(name, template=url.partition("?")[0].rpartition("/")[2])
        postgres.drop_database(name)
        return
    path = Path(url.partition(":///")[2])
    copy = path.with_name(f"{name}.sqlite3")
    shutil.copyfile(path, copy)
    yield f"sqlite+aiosqlite:///{copy}"
    for each in copy.parent.glob(f"{copy.name}*"):
        each.unlink()


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
