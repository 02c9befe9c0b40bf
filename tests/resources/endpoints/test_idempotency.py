"""A POST with an Idempotency-Key does its work once."""

import asyncio
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import func, select, update

from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.settings import SecretKey
from tests.library.models import Book


async def count(session):
    await session.rollback()
    return await session.scalar(select(func.count()).select_from(Book))


def body(author, **fields):
    return {"title": "Once", "author_id": author.id} | fields


async def test_the_first_answer_comes_again(owner, author, session):
    headers = {"Idempotency-Key": "a key"}
    first = await owner.post("/api/books", json=body(author), headers=headers)
    await owner.patch(first.headers["Location"], json={"title": "Changed since"})
    again = await owner.post("/api/books", json=body(author), headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await count(session) == 1


async def test_many_at_once_have_one_effect_and_one_answer(owner, author, session):
    sends = [owner.post("/api/books", json=body(author), headers={"Idempotency-Key": "race"}) for _ in range(12)]
    answers = await asyncio.gather(*sends)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await count(session) == 1


async def test_a_key_belongs_to_a_request_and_to_who_sent_it(owner, stranger, author, session):
    headers = {"Idempotency-Key": "mine"}
    await owner.post("/api/books", json=body(author), headers=headers)
    other = await owner.post("/api/books", json=body(author, title="Other"), headers=headers)
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "Idempotency-Key"
    elsewhere = await owner.post("/api/books/bulk", json=body(author), headers=headers)
    assert elsewhere.status_code == 422
    theirs = await stranger.post("/api/books", json=body(author), headers=headers)
    assert theirs.status_code == 201
    assert "Idempotency-Replayed" not in theirs.headers
    assert await count(session) == 2


async def test_what_is_kept_of_a_request_can_be_tried_on_words_by_the_site_only(app, owner, author, session):
    headers = {"Idempotency-Key": "secret"}
    await owner.post("/api/books", json=body(author), headers=headers)
    other = app.state.settings.model_copy(update={"secret_key": SecretStr("the secret of another site, long enough")})
    app.state.settings = other
    again = await owner.post("/api/books", json=body(author), headers=headers)
    assert (again.status_code, again.json()["errors"][0]["type"]) == (422, "key_reused")
    assert await count(session) == 1


async def test_a_request_is_known_again_when_the_site_has_another_secret_as_long_as_it_names_the_old(
    app, owner, author, session
):
    headers = {"Idempotency-Key": "secret"}
    first = await owner.post("/api/books", json=body(author), headers=headers)
    was = app.state.settings.secret_key.get_secret_value()
    secret_key = SecretKey("the next secret of this site, long enough", (was,))
    app.state.settings = app.state.settings.model_copy(update={"secret_key": secret_key})
    again = await owner.post("/api/books", json=body(author), headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    other = await owner.post("/api/books", json=body(author, title="Other"), headers=headers)
    assert (other.status_code, other.json()["errors"][0]["type"]) == (422, "key_reused")
    assert await count(session) == 1


async def test_an_error_is_not_kept(owner, author, session):
    headers = {"Idempotency-Key": "again"}
    refused = await owner.post("/api/books", json={"title": "x", "author_id": 999}, headers=headers)
    assert refused.status_code == 409
    assert (await owner.post("/api/books", json=body(author), headers=headers)).status_code == 201
    assert await count(session) == 1


async def test_a_key_is_forgotten_after_a_day(owner, author, session):
    headers = {"Idempotency-Key": "old"}
    await owner.post("/api/books", json=body(author), headers=headers)
    old = datetime.now(UTC) - timedelta(hours=24, seconds=1)
    await session.execute(update(IdempotentAnswer).values(created_at=old))
    await session.commit()
    again = await owner.post("/api/books", json=body(author), headers=headers)
    assert "Idempotency-Replayed" not in again.headers
    assert await count(session) == 2


async def test_bad_keys_and_unknown_senders_are_refused(owner, client, author, session):
    for key in ("", "x" * 256, "a\tb"):
        assert (await owner.post("/api/books", json=body(author), headers={"Idempotency-Key": key})).status_code == 422
    answer = await client.post("/api/loans", json={"borrower": "x"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401
    assert await count(session) == 0


async def test_a_site_without_the_plugin_refuses_the_header(owner, app, author, session):
    del app.state.idempotency_store
    answer = await owner.post("/api/books", json=body(author), headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400
    assert "dovetail.contrib.idempotency" in answer.json()["detail"]
    assert await count(session) == 0


async def test_a_bulk_is_done_once_too(owner, author, session):
    data = {"items": [body(author), body(author)]}
    first, again = [await owner.post("/api/books/bulk", json=data, headers={"Idempotency-Key": "b"}) for _ in range(2)]
    assert again.content == first.content
    assert await count(session) == 2
