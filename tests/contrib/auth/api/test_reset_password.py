import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from dovetail.contrib.auth.models import OneTimeToken, User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import NEW_PASSWORD, bearer, login, pointers, token_in, token_of


async def forgot(client, email="ada@example.org"):
    return await client.post("/api/auth/forgot-password", json={"email": email})


async def reset(client, token, password=NEW_PASSWORD):
    return await client.post("/api/auth/reset-password", json={"token": token, "password": password})


async def token_for_ada(client, outbox) -> str:
    await forgot(client)
    return token_in(outbox.messages.pop())


async def test_a_forgotten_password_is_replaced_with_the_token_from_the_message(client, make_user, outbox):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    assert (await reset(client, token)).status_code == 204
    assert (await login(client, "ada", PASSWORD)).status_code == 401
    assert (await login(client, "ada", NEW_PASSWORD)).status_code == 200


async def test_the_answer_is_the_same_for_known_unknown_and_deactivated_users(client, make_user, outbox):
    await make_user(username="ada")
    await make_user(username="gone", is_active=False)
    answers = [await forgot(client, f"{name}@example.org") for name in ("ada", "gone", "nobody")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"null")}
    assert [message.to for message in outbox.messages] == ["ada@example.org"]


async def test_the_request_looks_up_no_account_and_only_queues_the_mail(client, make_user, count_statements):
    await make_user(username="ada")
    for name in ("ada", "nobody"):
        with count_statements() as seen:
            await forgot(client, f"{name}@example.org")
        assert [statement.partition(" (")[0] for statement in seen] == [
            *("INSERT INTO throttling_bucket", "INSERT INTO auth_outgoing_mail")
        ]


async def test_a_token_used_by_eight_at_once_works_exactly_once(client, make_user, outbox):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(8)]
    answers = await asyncio.gather(*(reset(client, token, password) for password in passwords))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 7}
    winner = passwords[[answer.status_code for answer in answers].index(204)]
    assert (await login(client, "ada", winner)).status_code == 200


async def test_a_token_works_once_and_a_wrong_one_never(client, make_user, outbox):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    assert (await reset(client, token)).status_code == 204
    for useless in (token, "wrong", "\x7f", "é"):
        response = await reset(client, useless)
        assert response.status_code == 400
        assert pointers(response) == ["/token"]


async def test_an_expired_token_does_not_work(client, make_user, outbox, session):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    await session.execute(update(OneTimeToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await reset(client, token)).status_code == 400


async def test_a_token_lives_as_long_as_the_settings_say(client, make_user, outbox, session, app):
    AUTH_SETTINGS.set(app, AuthSettings(reset_token_lifetime=60))
    await make_user(username="ada")
    await token_for_ada(client, outbox)
    expires_at = await session.scalar(select(OneTimeToken.expires_at))
    assert timedelta(seconds=0) < expires_at - datetime.now(UTC) <= timedelta(seconds=60)


async def test_asking_again_does_not_invalidate_the_first_token(client, make_user, outbox):
    await make_user(username="ada")
    first, second = await token_for_ada(client, outbox), await token_for_ada(client, outbox)
    assert (await reset(client, first)).status_code == 204
    assert (await reset(client, second, NEW_PASSWORD + " 2")).status_code == 400  # the password was reset already


async def test_a_stranger_who_keeps_asking_sends_five_messages_an_hour_and_is_not_told(
    client, make_user, outbox, session
):
    await make_user(username="ada")
    await make_user(username="bob")
    answers = [await forgot(client) for _ in range(8)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"null")}
    assert len(outbox.messages) == 5
    await forgot(client, "bob@example.org")
    assert outbox.messages.pop().to == "bob@example.org"
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    await session.execute(update(OneTimeToken).values(created_at=hour_ago))
    await session.commit()
    await forgot(client)
    assert len(outbox.messages) == 6
    assert (await reset(client, token_in(outbox.messages[0]))).status_code == 204


async def test_of_many_who_ask_at_once_five_are_sent_a_message(client, make_user, outbox):
    await make_user(username="ada")
    await asyncio.gather(*(forgot(client) for _ in range(10)))
    assert len(outbox.messages) == 5


async def test_tokens_that_are_used_at_once_end_each_other(client, make_user, outbox):
    await make_user(username="ada")
    tokens = [await token_for_ada(client, outbox) for _ in range(4)]
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(4)]
    answers = await asyncio.gather(*(reset(client, *pair) for pair in zip(tokens, passwords, strict=True)))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 3}


async def test_old_tokens_do_not_accumulate(client, make_user, outbox, session):
    await make_user(username="ada")
    for _ in range(3):
        await token_for_ada(client, outbox)
        past = datetime.now(UTC) - timedelta(hours=2)
        await session.execute(update(OneTimeToken).values(created_at=past, expires_at=past))
        await session.commit()
    assert await session.scalar(select(func.count()).select_from(OneTimeToken)) == 1


async def test_a_weak_password_is_refused_and_the_token_still_works(client, make_user, outbox):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    response = await reset(client, token, "1234567890")
    assert (response.status_code, set(pointers(response))) == (422, {"/password"})
    assert (await reset(client, token)).status_code == 204


async def test_a_reset_ends_every_session_and_every_other_reset(client, make_user, outbox, session):
    await make_user(username="ada")
    tokens = [await token_of(client, "ada") for _ in range(2)]
    await reset(client, await token_for_ada(client, outbox))
    for token in tokens:
        assert (await client.get("/api/users/me", headers=bearer(token))).status_code == 401
    for model in (Session, OneTimeToken):
        assert await session.scalar(select(func.count()).select_from(model)) == 0


async def test_the_owner_is_told_of_the_new_password(client, make_user, outbox):
    await make_user(username="ada")
    await reset(client, await token_for_ada(client, outbox))
    assert [message.subject for message in outbox.messages] == ["Your password was changed"]


async def test_a_token_sent_to_an_address_the_user_no_longer_has_is_worthless(client, make_user, outbox, session):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    await session.execute(update(User).values(email="new@example.org"))
    await session.commit()
    assert (await reset(client, token)).status_code == 400


async def test_a_deactivated_user_cannot_reset_the_password(client, make_user, outbox, session):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    await session.execute(update(User).values(is_active=False))
    await session.commit()
    assert (await reset(client, token)).status_code == 400


async def test_only_the_hash_of_the_token_is_stored(client, make_user, outbox, session):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    stored = (await session.scalars(select(OneTimeToken))).one()
    assert token not in repr(vars(stored))
    assert stored.email == "ada@example.org"


async def test_a_token_is_valid_for_its_purpose_only(client, make_user, outbox):
    await make_user(username="ada")
    token = await token_for_ada(client, outbox)
    assert (await client.post("/api/auth/verify", json={"token": token})).status_code == 400
    assert (await reset(client, token)).status_code == 204


async def test_a_message_leads_to_the_page_that_the_settings_name(client, make_user, outbox, app):
    url = "https://example.org/reset#{token}"
    AUTH_SETTINGS.set(app, AuthSettings(reset_password_url=url))
    await make_user(username="ada")
    await forgot(client)
    assert "\nhttps://example.org/reset#" in outbox.messages[0].body
    assert "{token}" not in outbox.messages[0].body


async def test_the_host_of_the_request_is_in_no_message(client, make_user, outbox):
    await make_user(username="ada")
    await client.post("/api/auth/forgot-password", json={"email": "ada@example.org"}, headers={"Host": "localhost"})
    assert "localhost" not in outbox.messages[0].body
    assert "http" not in outbox.messages[0].body


async def test_a_failure_after_the_answer_is_logged_and_sends_nothing(client, make_user, outbox, monkeypatch, caplog):
    await make_user(username="ada")

    async def fail(*_args, **_kwargs):
        raise OSError("the database went away")

    monkeypatch.setattr("dovetail.contrib.auth.mail.writing.create_one_time_token", fail)
    assert (await forgot(client)).status_code == 202
    assert "could not be sent (attempt 1 of 12): OSError: the database went away" in caplog.text
    assert outbox.messages == []
