"""What was answered to a user goes with the user, and nobody comes after them under their key."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.upkeep.expired import delete_in_batches, expired_of
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.plugin import context_of

HEADERS = {"Idempotency-Key": "mine"}
POST = {"title": "Secret plans", "content": "Nobody else may read this."}


async def owners(session):
    await session.rollback()
    return sorted(await session.scalars(select(IdempotentAnswer.owner)))


@pytest.fixture
async def boss(make_user, client_for):
    return await client_for(await make_user(username="boss", is_superuser=True))


async def test_the_answers_to_a_deleted_user_are_deleted_and_those_to_others_stay(boss, make_user, client_for, session):
    ada, bob = [await make_user(username=name) for name in ("ada", "bob")]
    for user in (ada, bob):
        assert (await (await client_for(user)).post("/api/posts", json=POST, headers=HEADERS)).status_code == 201
    session.add(IdempotentAnswer(owner=f"{ada.id} by token 7", key="of a token", status=201))
    session.add(IdempotentAnswer(owner=f"{ada.id}0", key="of somebody else", status=201))
    await session.commit()

    assert (await boss.delete(f"/api/users/{ada.id}")).status_code == 204

    assert await owners(session) == sorted([str(bob.id), f"{ada.id}0"])


async def test_the_back_office_deletes_the_stored_responses_of_a_user_too(
    make_user, client_for, back_office_for, session
):
    ada = await make_user(username="ada")
    await (await client_for(ada)).post("/api/posts", json=POST, headers=HEADERS)
    office = await back_office_for(await make_user(username="boss", is_superuser=True))
    asked = await office.get("/auth/user/delete/", pks=str(ada.id))

    assert (await office.post("/auth/user/delete/", read_form(asked.text))).status_code == 303

    assert await owners(session) == []


async def test_a_new_user_does_not_get_stored_responses_of_a_deleted_one(boss, make_user, client_for):
    ada = await make_user(username="ada")
    await (await client_for(ada)).post("/api/posts", json=POST, headers=HEADERS)
    await boss.delete(f"/api/users/{ada.id}")
    eve = await make_user(username="eve")

    answer = await (await client_for(eve)).post("/api/posts", json=POST, headers=HEADERS)

    assert eve.id != ada.id
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.json()["author_id"] == eve.id


async def test_answers_older_than_a_day_are_purged(database, make_user, client_for, session):
    writer = await client_for(await make_user(username="ada"))
    for key in ("old", "new"):
        await writer.post("/api/posts", json=POST, headers={"Idempotency-Key": key})
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    await session.execute(update(IdempotentAnswer).where(IdempotentAnswer.key == "old").values(created_at=yesterday))
    await session.commit()

    (over,) = [each for each in expired_of(context_of(session)) if each[1] is IdempotentAnswer]
    assert [count async for count in delete_in_batches(database, over[1], over[2](context_of(session)))] == [1]
    assert list(await session.scalars(select(IdempotentAnswer.key))) == ["new"]
