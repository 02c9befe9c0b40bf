"""A row that is changed or deleted by one statement, and those that are locked first: nobody can tell them apart."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import event, literal, select, text
from sqlalchemy.orm import Session

from dovetail.database.column_types import UTCDateTime
from dovetail.resources.policy import Recognized
from dovetail.resources.read.etags import has_version, version, version_arguments
from tests.library.api import novels
from tests.library.models import Author, Book
from tests.library.schemas import NovelUpdate

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
MOMENTS = (
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),  # the first and the last one are infinite to PostgreSQL
    datetime(999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_990, tzinfo=UTC),
)


@pytest.fixture
async def book(make_book):
    return await make_book(title="Apples", genres=["old"])


@pytest.fixture
def path(book):
    return f"/api/novels/{book.id}"


async def tag_of(client, path):
    return (await client.get(path)).headers["ETag"]


async def test_a_patch_and_a_delete_take_one_statement_when_nobody_has_to_be_looked_up(client, path, count_statements):
    with count_statements() as statements:
        answer = await client.patch(path, json={"title": "Pears"}, headers={"If-Match": "*"})
    assert (answer.json()["title"], len(statements)) == ("Pears", 1), statements
    assert answer.json()["genres"][0]["name"] == "old"
    assert answer.headers["ETag"] == await tag_of(client, path)
    with count_statements() as statements:
        assert (await client.delete(path)).status_code == 204
    assert len(statements) == 1, statements


async def test_a_tag_is_compared_by_the_statement_itself_on_postgresql(client, path, count_statements, database_kind):
    statements_each = 1 if database_kind == "postgresql" else 2
    for title in ("Pears", "Plums"):
        tag = await tag_of(client, path)
        with count_statements() as statements:
            answer = await client.patch(path, json={"title": title}, headers={"If-Match": tag})
        assert (answer.status_code, len(statements)) == (200, statements_each), statements
        stale = await client.patch(path, json={"title": "Too late"}, headers={"If-Match": tag})
        assert stale.status_code == 412
    assert (await client.delete(path, headers={"If-Match": tag})).status_code == 412
    tag = await tag_of(client, path)
    with count_statements() as statements:
        assert (await client.delete(path, headers={"If-Match": tag})).status_code == 204
    assert len(statements) == statements_each, statements


async def test_what_is_as_it_is_to_be_already_keeps_its_version(client, path, count_statements):
    tag = await tag_of(client, path)
    with count_statements() as statements:
        answer = await client.patch(path, json={"title": "Apples"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, tag)
    assert len(statements) == 3, statements  # which found nothing to change; the row, locked; and as it is read
    answer = await client.patch(path, json={"title": "Apples", "price": "2.00"})  # one of them is new
    assert (answer.json()["title"], answer.json()["price"]) == ("Apples", "2.00")
    assert answer.headers["ETag"] != tag


async def test_of_writers_who_saw_the_same_version_one_writes(client, path):
    tag = await tag_of(client, path)
    titles = [f"Title {number}" for number in range(8)]
    answers = await asyncio.gather(
        *(client.patch(path, json={"title": title}, headers={"If-Match": tag}) for title in titles)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    (won,) = (answer.json()["title"] for answer in answers if answer.status_code == 200)
    assert (await client.get(path)).json()["title"] == won


@on_postgresql
async def test_a_writer_who_had_to_wait_looks_at_the_row_as_it_is_by_then(client, path, book, database):
    tag = await tag_of(client, path)
    async with database.unit_of_work() as session:
        (await session.get_one(Book, book.id, with_for_update=True)).title = "First"
        await session.flush()
        late = asyncio.create_task(client.patch(path, json={"title": "Second"}, headers={"If-Match": tag}))
        await _until_it_waits(database)
    assert (await late).status_code == 412
    assert (await client.get(path)).json()["title"] == "First"


async def _until_it_waits(database):
    async with asyncio.timeout(60):
        while not await _waiting(database):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


async def _waiting(database):
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.unit_of_work() as session:  # one each time: it sees the activity of its beginning
        return await session.scalar(text(asked))


@pytest.mark.parametrize("name", ["load", "before_update", "before_flush"])
async def test_a_row_that_somebody_listens_to_is_an_object(client, path, name, count_statements):
    heard = []
    target = Session if name == "before_flush" else Book
    event.listen(target, name, listener := lambda *_: heard.append(name))
    try:
        with count_statements() as statements:
            assert (await client.patch(path, json={"title": "Pears"})).status_code == 200
    finally:
        event.remove(target, name, listener)
    assert heard
    assert len(statements) >= 2


async def test_an_object_that_the_session_has_is_not_changed_behind_its_back(database, book):
    writer, anybody = novels.writer, Recognized(None)
    changed, deleted = (novels.change_visibility(anybody, action) for action in ("change", "delete"))
    data = NovelUpdate(title="Pears")
    async with database.unit_of_work() as session:
        known = await session.get_one(Book, book.id)
        assert await writer.single_statement.update(session, anybody, changed, book.id, data, None) is None
        assert await writer.single_statement.delete(session, deleted, book.id, None) is False
        assert known.title == "Apples"
    async with database.fast_unit_of_work() as session:
        batch = await writer.single_statement.update(session, anybody, changed, book.id, data, None)
        assert batch.items[0]["title"] == "Pears"
        assert await session.scalar(select(Book.title)) == "Pears"


@on_postgresql
async def test_a_transaction_is_not_risked_by_a_statement_that_may_fail(database, book):
    changed, data = novels.change_visibility(Recognized(None), "change"), NovelUpdate(title="Pears")
    async with database.fast_unit_of_work() as session:
        session.add(Author(name="Of the same transaction"))
        assert (
            await novels.writer.single_statement.update(session, Recognized(None), changed, book.id, data, None) is None
        )
        assert await session.scalar(select(Book.title)) == "Apples"


async def test_what_leads_to_other_rows_is_not_written_at_once(database, book):
    anybody = Recognized(None)
    changed = novels.change_visibility(anybody, "change")
    async with database.unit_of_work() as session:
        for data in (NovelUpdate(genres=["new"]), NovelUpdate(title="Pears", genres=[]), NovelUpdate()):
            assert await novels.writer.single_statement.update(session, anybody, changed, book.id, data, None) is None


@on_postgresql
@pytest.mark.parametrize("key", [1, -7, 2**62, "a key", "käse", UUID(int=5)])
async def test_postgresql_makes_the_same_version_of_a_key_and_a_moment(database, key):
    async with database.unit_of_work(read_only=True) as session:
        for moment in MOMENTS:
            asked = select(has_version(literal(moment, UTCDateTime())))
            assert await session.scalar(asked, version_arguments(key, version((key, moment)))) is True
            for other in (version((key, moment.replace(microsecond=7))), version((0, moment))):
                assert await session.scalar(asked, version_arguments(key, other)) is False
