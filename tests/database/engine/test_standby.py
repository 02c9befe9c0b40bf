"""A site whose DATABASE_URL is a standby: it reads, knows that it may lag, and takes changes once it is promoted."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text

from dovetail.context import open_context
from dovetail.contrib.history.feed import read_history
from dovetail.database.unit_of_work import Database
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing.databases import migrate_site
from dovetail.testing.fixtures import make_client, running, site_application
from plugins.blog.models import Tag
from tests.database.test_error_translation import assert_is_unavailable
from tests.standby import primary_and_standby

ANNA = {"username": "anna", "email": "anna@example.org", "password": "a pass phrase of anna's"}


@pytest.fixture(scope="module")
def servers(settings_class: type[Settings]) -> Iterator[tuple[str, str]]:
    with primary_and_standby(partial(migrate_site, settings_class)) as urls:
        yield urls


async def test_a_standby_reads_waits_with_the_feed_and_takes_changes_once_promoted(make_settings, servers):
    first, second = (make_settings(database_url=url) for url in servers)
    async with running(site_application(second)) as app, make_client(app) as client:
        standby: Database = app.state.database
        start = await position(standby)
        await tell(standby, "SELECT pg_wal_replay_pause()")
        async with open_context(first, load_registry(first)) as context:
            async with context.database.unit_of_work() as session:
                session.add(Tag(name="late"))
            ahead = await position(context.database)

        assert await read(standby, ahead) == ([], ahead)  # it has not come so far

        await tell(standby, "SELECT pg_wal_replay_resume()")
        while not (await read(standby, start))[0]:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)
        assert (await read(standby, start))[0] == ["late"]
        assert await read(standby, ahead) == ([], ahead)
        assert (await client.get("/api/posts")).status_code == 200
        assert_is_unavailable(await client.post("/api/auth/register", json=ANNA))
        assert_is_unavailable(await client.get("/health/ready"))

        await tell(standby, "SELECT pg_promote()")
        assert (await client.post("/api/auth/register", json=ANNA)).status_code == 201


async def read(database: Database, after: str) -> tuple[list[object], str]:
    async with database.unit_of_work(read_only=True) as session:
        page = await read_history(session, after=after)
    return [change.after["name"] for change in page.changes if change.model == "blog.tag"], page.position


async def position(database: Database) -> str:
    return (await read(database, ""))[1]


async def tell(database: Database, statement: str) -> None:
    async with database.outside_the_pool() as session:
        await session.execute(text(statement))
