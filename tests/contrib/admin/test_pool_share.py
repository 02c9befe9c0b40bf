"""The back office leaves connections to everybody else, and a slow page ends with what to do about it."""

import asyncio
import logging

import pytest
from sqlalchemy import event, select

from tests.contrib.admin.shelf.models import Stamp


@pytest.fixture
def limit() -> float:
    """The seconds that a statement has."""
    return 1.0


@pytest.fixture
def settings(settings, monkeypatch, limit):
    monkeypatch.setenv("ADMIN_STATEMENT_TIMEOUT", str(limit))
    return settings.model_copy(update={"database_pool_size": 4, "database_pool_timeout": limit / 3})


async def until_half_of_the_pool_is_taken(database) -> None:
    while database.engine.pool.checkedout() < 2:  # noqa: ASYNC110 - a pool has no event
        await asyncio.sleep(0.01)


@pytest.fixture
async def stamps(session):
    session.add_all([Stamp(country="NO", number=number, motif="bird") for number in (1, 2)])
    await session.commit()


@pytest.mark.usefixtures("stamps")
@pytest.mark.parametrize("limit", [4.0])
async def test_readers_of_the_api_are_answered_while_twelve_editors_ask_for_slow_pages(office, client, database):
    pages = [asyncio.create_task(office.get("/shelf/slow-stamp/", page=str(n))) for n in range(12)]
    await until_half_of_the_pool_is_taken(database)
    answers = [await client.get("/api/posts") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    messages = [page.text for page in await asyncio.gather(*pages)]
    assert {page.result().status_code for page in pages} == {503}
    assert sum("narrow it with a filter" in message for message in messages) == 2  # half of the pool
    assert sum("Too many pages are being read here at once" in message for message in messages) == 10
    assert sum(">Try again</a>" in message for message in messages) == 10  # the others would take as long again
    assert (await office.get("/shelf/stamp/")).status_code == 200


@pytest.mark.usefixtures("stamps")
async def test_a_slow_page_says_what_to_do_and_logs_a_line(office, caplog):
    caplog.set_level(logging.WARNING, "dovetail.admin")
    page = await office.get("/shelf/slow-stamp/", search="bird")
    assert page.status_code == 503
    assert "narrow it with a filter, search for less, or choose another order" in page.text
    assert 'href="/admin/shelf/slow-stamp/"' in page.text  # without the search
    assert "retry-after" not in page.headers  # it would take as long again
    (record,) = [record for record in caplog.records if record.name == "dovetail.admin"]
    assert record.exc_info is None
    script = await office.client.get("/admin/shelf/slow-stamp/", headers={"Accept": "application/json"})
    assert "narrow it" in script.json()["detail"]


@pytest.mark.usefixtures("stamps")
async def test_an_action_that_is_stopped_changes_nothing(office, session):
    answer = await office.post("/shelf/slow-stamp/action/stamp/", {"pks": "NO;1"})
    assert answer.status_code == 503
    assert "nothing was changed" in answer.text
    assert set(await session.scalars(select(Stamp.motif))) == {"bird"}


@pytest.mark.usefixtures("stamps")
async def test_an_export_that_is_stopped_is_a_page_and_no_file(office):
    answer = await office.get("/shelf/slow-stamp/export/csv/")
    assert answer.status_code == 503
    assert "narrow it" in answer.text


@pytest.mark.usefixtures("stamps")
@pytest.mark.parametrize("limit", [4.0])
async def test_who_waits_for_the_share_is_asked_to_come_again(office, database):
    pages = [asyncio.create_task(office.get("/shelf/slow-stamp/")) for _ in range(2)]
    await until_half_of_the_pool_is_taken(database)
    page = await office.client.get("/admin/login")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "1"
    await asyncio.gather(*pages)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_disk_that_is_full_is_named_in_the_log(office, database, boss, caplog):
    @event.listens_for(database.engine.sync_engine, "checkout")
    def fill(connection, *_):
        connection.cursor().execute("PRAGMA max_page_count = 1")  # no more than there are

    answer = await office.submit("/blog/post/add/", {"title": "Long", "content": "x" * 200_000, "author": str(boss.id)})
    assert answer.status_code == 503
    (record,) = [record for record in caplog.records if record.name == "dovetail.admin"]
    assert record.levelno == logging.WARNING
    assert "database or disk is full" in record.getMessage()
    assert "INSERT" not in record.getMessage()
