import asyncio
from collections import Counter

import pytest
from fastapi_users.exceptions import UserAlreadyVerified, UserInactive
from sqlalchemy import select, update

from dovetail.contrib.auth.api.dependencies import make_manager
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.models import MailKind
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import ADA, pointers, token_in


async def request_token(client, email="ada@example.org"):
    return await client.post("/api/auth/request-verify-token", json={"email": email})


async def verify(client, token):
    return await client.post("/api/auth/verify", json={"token": token})


async def test_the_token_sent_at_registration_verifies_the_address(client, outbox):
    await client.post("/api/auth/register", json=ADA)
    response = await verify(client, token_in(outbox.messages[0]))
    assert response.status_code == 200
    assert response.json()["is_verified"] is True


async def test_another_token_can_be_asked_for(client, make_user, outbox):
    await make_user(username="ada")
    assert (await request_token(client)).status_code == 202
    assert (await verify(client, token_in(outbox.messages[0]))).status_code == 200


async def test_a_plugin_can_request_verification_by_fastapi_users_manager(make_user, session):
    ada, done, gone = [
        await make_user(username=name, is_verified=name == "done", is_active=name != "gone")
        for name in ("ada", "done", "gone")
    ]
    manager = make_manager(session, AuthSettings())
    await manager.request_verify(ada)
    for user, error in ((done, UserAlreadyVerified), (gone, UserInactive)):
        with pytest.raises(error):
            await manager.request_verify(user)
    [mail] = manager.messages
    assert (mail.kind, mail.user_id, mail.to) == (MailKind.VERIFY_EMAIL, ada.id, "ada@example.org")
    [event] = await session.scalars(select(SecurityEvent))
    assert (event.kind, event.username) == (EventKind.VERIFICATION_REQUESTED, "ada")


async def test_the_answer_is_the_same_for_everybody_and_only_who_is_unverified_gets_a_message(
    client, make_user, outbox
):
    await make_user(username="ada")
    await make_user(username="done", is_verified=True)
    await make_user(username="gone", is_active=False)
    answers = [await request_token(client, f"{name}@example.org") for name in ("ada", "done", "gone", "nobody")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"null")}
    assert [message.to for message in outbox.messages] == ["ada@example.org"]


async def test_asking_again_does_not_invalidate_the_first_token(client, make_user, outbox):
    await make_user(username="ada")
    for _ in range(7):
        await request_token(client)
    first, *others = [token_in(message) for message in outbox.messages]
    assert len(others) == 4
    assert (await verify(client, first)).status_code == 200
    assert {(await verify(client, token)).status_code for token in others} == {400}


async def test_a_token_used_by_eight_at_once_works_exactly_once(client, make_user, outbox):
    await make_user(username="ada")
    await request_token(client)
    token = token_in(outbox.messages[0])
    answers = await asyncio.gather(*(verify(client, token) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 7}
    assert pointers(next(answer for answer in answers if answer.status_code == 400)) == ["/token"]


async def test_a_token_sent_to_the_old_address_does_not_verify_the_new_one(
    client, make_user, client_for, outbox, session
):
    ada = await client_for(await make_user(username="ada"))
    await request_token(client)
    token = token_in(outbox.messages.pop())
    change = {"email": "boss@example.com", "current_password": PASSWORD}
    assert (await ada.patch("/api/users/me", json=change)).status_code == 200
    new = next(token_in(message) for message in outbox.messages if message.to == "boss@example.com")
    assert (await verify(client, new)).json()["email"] == "boss@example.com"
    await session.execute(update(User).values(is_verified=False))
    await session.commit()
    assert (await verify(client, token)).status_code == 400
    assert await session.scalar(select(User.is_verified)) is False
