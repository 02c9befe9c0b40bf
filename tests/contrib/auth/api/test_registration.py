import asyncio
import json
from collections import Counter

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from dovetail.contrib.auth import users
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from tests.contrib.auth.helpers import ADA, login, pointers, token_in


async def register(client, **changes):
    return await client.post("/api/auth/register", json=ADA | changes)


async def test_registration_answers_the_user_and_no_secret(client):
    response = await register(client, full_name="  Ada   Lovelace ")
    assert response.status_code == 201
    user = response.json()
    assert user.keys() == {
        "id", "username", "email", "full_name", "bio", "is_active", "is_verified", "is_staff", "is_superuser",
        "has_second_factor", "created_at", "updated_at",
    }  # fmt: skip
    assert (user["username"], user["email"], user["full_name"]) == ("ada", "ada@example.org", "Ada Lovelace")
    assert (user["is_active"], user["is_verified"], user["is_superuser"]) == (True, False, False)
    assert "argon2" not in response.text


async def test_the_password_is_stored_as_an_argon2_hash(client, session):
    await register(client)
    assert (await session.scalars(select(User.hashed_password))).one().startswith("$argon2id$")


async def test_the_address_is_stored_without_regard_to_case(client):
    response = await register(client, email=" Ada@EXAMPLE.org ")
    assert response.json()["email"] == "ada@example.org"


RIGHTS = ["is_superuser", "is_verified", "is_active", "id", "hashed_password"]


async def test_users_cannot_give_themselves_permissions(client):
    for right in RIGHTS:
        response = await register(client, **{right: True})
        assert response.status_code == 422, right
        assert pointers(response) == [f"/{right}"]


async def test_a_name_that_is_taken_in_any_case_is_a_conflict_that_names_the_field(client):
    assert (await register(client)).status_code == 201
    response = await register(client, email="other@example.org", username="ADA")
    assert (response.status_code, pointers(response)) == (409, ["/username"])


async def test_registering_with_a_known_address_gets_the_usual_response_and_no_access(
    client, make_user, outbox, session
):
    await make_user(username="ada", is_verified=True)
    await make_user(username="gone", is_verified=True, is_active=False)
    answers = [await register(client, username=f"eve{n}", email=f"{n}@example.org") for n in ("ada", "gone", "new")]
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json().keys() for answer in answers] == [answers[0].json().keys()] * 3
    assert [(message.to, message.subject) for message in outbox.messages] == [
        ("ada@example.org", "You have an account already"),
        ("gone@example.org", "You have an account already"),
        ("new@example.org", "Confirm your e-mail address"),
    ]
    assert "evea" not in outbox.messages[0].body
    token = token_in(outbox.messages[2])
    assert (await client.post("/api/auth/verify", json={"token": token})).json()["is_verified"] is True
    proved = select(User.username).where(User.is_verified.is_(True)).order_by(User.id)
    assert (await session.scalars(proved)).all() == ["ada", "gone", "evenew"]


async def test_of_several_who_entered_one_address_one_proves_it(client, outbox):
    variants = ["ada@example.org", "Ada@example.org", "ADA@EXAMPLE.ORG"]
    requests = [register(client, username=f"ada{n}", email=email) for n, email in enumerate(variants)]
    assert Counter(response.status_code for response in await asyncio.gather(*requests)) == {201: 3}
    for email in variants:
        assert (await login(client, email)).status_code == 401
    tokens = [token_in(message) for message in outbox.messages]
    answers = [await client.post("/api/auth/verify", json={"token": token}) for token in tokens]
    assert [answer.status_code for answer in answers] == [200, 409, 409]
    assert pointers(answers[1]) == ["/email"]
    for email in variants:
        assert (await login(client, email)).status_code == 200


async def test_of_case_variants_of_one_username_that_register_at_once_one_succeeds(client):
    names = ["ada", "Ada", "aDa", "ADA"]
    requests = [register(client, username=name, email=f"a{n}@example.org") for n, name in enumerate(names)]
    answers = Counter(response.status_code for response in await asyncio.gather(*requests))
    assert answers == {201: 1, 409: 3}


UNUSABLE = {
    "username": ["", "a" * 151, "ada@home", "ada lovelace", "ada\x00", "\u0430da", "ada\nx", "-ada", None, 1],
    "email": ["nobody", "a\x00b@x.org", "ada@x.org\nBcc: b@x.org", f"{'a' * 400}@x.org", "\udce9@x.org", None],
    "full_name": ["x" * 201, "Ada\x00", "Ada\x1b[31m", None],
    "password": ["", "short", "x" * 129, "1234567890", "Password123", "ada@example.org", "ada@example", None, 12345678],
}  # "\u0430" is a Cyrillic letter that looks like an a


@pytest.mark.parametrize("field", UNUSABLE)
async def test_invalid_values_are_refused_with_the_name_of_the_field(client, session, field):
    for value in UNUSABLE[field]:
        response = await client.post(
            "/api/auth/register",
            content=json.dumps(ADA | {field: value}),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 422, value
        assert set(pointers(response)) == {f"/{field}"}, value
        assert "1234567890" not in response.text
        assert "Password123" not in response.text
    assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_a_password_of_megabytes_is_refused_before_it_is_hashed(client, hashes):
    response = await register(client, password="x" * 2_000_000)
    assert response.status_code == 422
    assert hashes.count == 0


async def test_registration_can_be_closed(client, app):
    AUTH_SETTINGS.set(app, AuthSettings(registration_open=False))
    response = await register(client)
    assert response.status_code == 403


async def test_a_new_user_is_asked_to_confirm_the_address(client, outbox):
    await register(client)
    assert [(message.to, message.subject) for message in outbox.messages] == [
        ("ada@example.org", "Confirm your e-mail address")
    ]


async def test_no_message_is_sent_for_a_registration_that_fails(client, outbox):
    await register(client)
    outbox.messages.clear()
    assert (await register(client)).status_code == 409
    assert outbox.messages == []


async def test_a_mail_server_that_is_away_does_not_undo_a_registration(client, app, session, caplog):
    class Broken:
        async def send(self, message):
            raise ConnectionRefusedError("no server here")

    app.state.email_sender = Broken()
    assert (await register(client)).status_code == 201
    await MAIL_DISPATCHER.get(app).settle()
    assert "could not be sent (attempt 1 of 12): ConnectionRefusedError: no server here" in caplog.text
    assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_the_database_itself_refuses_case_variants_of_an_address_that_is_proved(session, make_user):
    await make_user(username="ada", is_verified=True)
    other = await make_user(username="bob", is_verified=True)
    with pytest.raises(IntegrityError):
        await session.execute(update(User).where(User.id == other.id).values(email="ADA@example.org"))


async def test_a_password_that_is_hashed_keeps_no_other_writer_waiting(client, database, monkeypatch, make_user):
    original = users.hash_password

    async def write_meanwhile(password):
        hashed = await original(password)
        await make_user(username="bob")  # would wait in vain, if the registration held SQLite's turn to write
        return hashed

    monkeypatch.setattr(users, "hash_password", write_meanwhile)
    assert (await register(client)).status_code == 201
