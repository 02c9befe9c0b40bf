"""Two imports at the same moment, and readers beside one."""

import asyncio

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.unit_of_work import Database
from plugins.wordpress.export.source import Source
from plugins.wordpress.importer import import_export
from plugins.wordpress.report import Report
from plugins.wordpress.survey import survey_export
from tests.plugins.wordpress.support import FILES

LIMIT = 10**7


async def import_into(session: AsyncSession) -> Report:
    source = Source(FILES / "wxr-1.2.xml", LIMIT)
    return await import_export(session, source, survey_export(source, LIMIT), max_item_size=LIMIT)


async def test_a_second_import_waits_for_the_first_and_finds_everything_there(database: Database) -> None:
    async def second() -> Report:
        async with database.unit_of_work() as session:
            return await import_into(session)

    async with database.unit_of_work() as session:
        await import_into(session)
        task = asyncio.create_task(second())
        await asyncio.sleep(0.5)
        assert not task.done()
    report = await task
    assert report.created.total() == 0
    assert report.existing["posts"] == 2


async def test_readers_see_nothing_of_an_import_that_is_not_finished(
    database: Database, client: httpx.AsyncClient
) -> None:
    async with database.unit_of_work() as session:
        await import_into(session)
        assert (await client.get("/api/posts")).json()["items"] == []
    assert len((await client.get("/api/posts")).json()["items"]) == 1
