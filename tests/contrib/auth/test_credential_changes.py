"""What one logs in with changes only for who knows the password, and a new address counts once it was confirmed."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.models import OneTimeToken, User
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.api.test_reset_password import forgot, reset
from tests.contrib.auth.api.test_verification import verify
from tests.contrib.auth.helpers import ADA, NEW_PASSWORD, hashed, login, pointers, token_in

NEW = "countess@example.org"
TAKEN = "boss@example.org"


@pytest.fixture
async def ada(make_user, client_for):
    return await client_for(await make_user(username="ada", is_verified=True))


@pytest.fixture
async def boss(make_user, client_for):
    user = await make_user(username="boss", is_superuser=True, is_verified=True)
    client = await client_for(user)
    client.user = user
    return client


async def ask_for(client, email=NEW, password=PASSWORD):
    return await client.patch("/api/users/me", json={"email": email, "current_password": password})


def sent_to(outbox, address):
    return [message for message in outbox.messages if message.to == address]


async def address_of(session, username="ada"):
    found = (await session.execute(select(User.email, User.is_verified).where(User.username == username))).one()
    await session.rollback()
    return tuple(found)


async def test_a_stolen_token_and_a_reset_do_not_give_the_account(ada, client, outbox, session):
    for change in ({}, {"current_password": ""}, {"current_password": "a guess at it"}):
        response = await ada.patch("/api/users/me", json={"email": "thief@example.org", **change})
        assert (response.status_code, pointers(response)) == (422, ["/current_password"])
    await forgot(client, "thief@example.org")
    assert outbox.messages == []
    assert await address_of(session) == ("ada@example.org", True)


async def test_a_change_of_address_is_shown_to_its_owner_until_it_is_confirmed(ada, client, outbox):
    assert (await ada.get("/api/users/me")).json()["pending_email"] is None
    asked = (await ask_for(ada)).json()
    assert (asked["email"], asked["pending_email"]) == ("ada@example.org", NEW)
    assert (await ask_for(ada, "other@example.org")).json()["pending_email"] == "other@example.org"
    me = (await ada.get("/api/users/me")).json()
    assert (me["email"], me["pending_email"]) == ("ada@example.org", "other@example.org")
    assert (await verify(client, token_in(sent_to(outbox, "other@example.org")[0]))).status_code == 200
    me = (await ada.get("/api/users/me")).json()
    assert (me["email"], me["pending_email"]) == ("other@example.org", None)


async def test_a_change_of_address_can_be_cancelled_and_its_token_is_worth_nothing_then(ada, client, outbox, session):
    await ask_for(ada)
    assert (await client.delete("/api/users/me/pending-email")).status_code == 401
    for _ in range(2):  # once more is no mistake
        assert (await ada.delete("/api/users/me/pending-email")).status_code == 204
    assert (await ada.get("/api/users/me")).json()["pending_email"] is None
    assert (await verify(client, token_in(sent_to(outbox, NEW)[0]))).status_code == 400
    assert await address_of(session) == ("ada@example.org", True)


async def test_an_unconfirmed_change_of_address_expires(ada, session):
    await ask_for(ada)
    await session.execute(update(OneTimeToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await ada.get("/api/users/me")).json()["pending_email"] is None


@pytest.mark.parametrize("change", [{"username": "mallory"}, {"email": NEW}, {"password": NEW_PASSWORD}])
async def test_changing_each_credential_requires_the_password(ada, client, change):
    response = await ada.patch("/api/users/me", json=change | {"bio": "mine now"})
    assert (response.status_code, pointers(response)) == (422, ["/current_password"])
    assert (await ada.get("/api/users/me")).json()["bio"] == ""
    assert (await ada.patch("/api/users/me", json=change | {"current_password": PASSWORD})).status_code == 200


async def test_a_new_address_takes_effect_when_it_is_confirmed(ada, client, outbox, session):
    me = (await ask_for(ada, "Countess@Example.org")).json()
    assert (me["email"], me["is_verified"]) == ("ada@example.org", True)
    (told,) = sent_to(outbox, "ada@example.org")
    assert NEW in told.body
    (invited,) = sent_to(outbox, NEW)
    assert (await login(client, NEW)).status_code == 401
    await forgot(client, NEW)
    assert len(outbox.messages) == 2
    answer = (await verify(client, token_in(invited))).json()
    assert (answer["email"], answer["is_verified"]) == (NEW, True)
    assert [message.subject for message in sent_to(outbox, "ada@example.org")][1:] == [
        "Your e-mail address was changed"
    ]
    assert (await login(client, NEW)).status_code == 200
    assert (await login(client, "ada@example.org")).status_code == 401


async def test_a_reset_before_confirmation_goes_to_the_old_address_and_cancels_the_change(ada, client, outbox):
    await ask_for(ada)
    (invited,) = sent_to(outbox, NEW)
    outbox.messages.clear()
    await forgot(client, "ada@example.org")
    assert (await reset(client, token_in(outbox.messages[0]))).status_code == 204
    assert (await verify(client, token_in(invited))).status_code == 400


async def test_a_reset_sent_to_the_old_address_is_invalid_after_the_change(ada, client, outbox):
    await forgot(client, "ada@example.org")
    token = token_in(outbox.messages[0])
    await ask_for(ada)
    await verify(client, token_in(sent_to(outbox, NEW)[0]))
    assert (await reset(client, token)).status_code == 400


async def test_of_two_changes_of_address_the_newest_is_valid(ada, client, outbox, session):
    await ask_for(ada, "first@example.org")
    await ask_for(ada, "second@example.org")
    first, second = (token_in(sent_to(outbox, f"{name}@example.org")[0]) for name in ("first", "second"))
    assert (await verify(client, first)).status_code == 400
    assert (await verify(client, second)).status_code == 200
    assert await address_of(session) == ("second@example.org", True)


async def test_requesting_ones_current_address_cancels_a_change(ada, client, outbox):
    await ask_for(ada)
    token = token_in(sent_to(outbox, NEW)[0])
    assert (await ada.patch("/api/users/me", json={"email": "ADA@example.org"})).status_code == 200
    assert (await verify(client, token)).status_code == 400


async def test_a_confirmation_used_by_eight_at_once_works_once(ada, client, outbox):
    await ask_for(ada)
    token = token_in(sent_to(outbox, NEW)[0])
    answers = await asyncio.gather(*(verify(client, token) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 7}


async def test_a_confirmation_that_is_too_old_or_of_somebody_deactivated_changes_nothing(ada, client, outbox, session):
    await ask_for(ada)
    token = token_in(sent_to(outbox, NEW)[0])
    await session.execute(update(User).values(is_active=False))
    await session.commit()
    assert (await verify(client, token)).status_code == 400
    await session.execute(update(User).values(is_active=True))
    await session.execute(update(OneTimeToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await verify(client, token)).status_code == 400
    assert await address_of(session) == ("ada@example.org", True)


async def test_an_address_of_somebody_else_is_asked_for_as_any_other_and_its_owner_is_told(ada, boss, outbox, session):
    answers = [(await ask_for(ada, email)).json() | {"updated_at": None} for email in (TAKEN, NEW)]
    assert answers[0] | {"pending_email": NEW} == answers[1]
    assert [message.subject for message in sent_to(outbox, TAKEN)] == ["You have an account already"]
    assert [message.subject for message in sent_to(outbox, NEW)] == ["Confirm your new e-mail address"]
    assert await address_of(session) == ("ada@example.org", True)


async def test_of_two_who_confirm_one_address_at_once_one_gets_it(ada, make_user, client_for, client, outbox):
    bob = await client_for(await make_user(username="bob"))
    await ask_for(ada)
    await ask_for(bob)
    tokens = [token_in(message) for message in sent_to(outbox, NEW)]
    answers = await asyncio.gather(*(verify(client, token) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [answer for answer in answers if answer.status_code == 409]
    assert pointers(refused) == ["/email"]


async def test_an_address_is_that_of_whoever_confirms_it_first(ada, client, outbox, session):
    await ask_for(ada)
    assert (await client.post("/api/auth/register", json=ADA | {"username": "c", "email": NEW})).status_code == 201
    changed, entered = (token_in(message) for message in sent_to(outbox, NEW))
    assert (await verify(client, changed)).status_code == 200
    response = await verify(client, entered)
    assert (response.status_code, pointers(response)) == (409, ["/email"])
    assert await address_of(session) == (NEW, True)


async def test_nobody_sends_a_stranger_more_than_five_messages_an_hour(ada, make_user, client_for, outbox):
    bob = await client_for(await make_user(username="bob"))
    answers = [await ask_for(client) for client in (ada, ada, ada, bob, bob, bob)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    assert len(sent_to(outbox, NEW)) == 5
    answers = [await ask_for(bob, f"{number}@example.com") for number in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [409] * 2


async def test_a_password_changed_meanwhile_is_no_proof(ada, client, database, monkeypatch):
    from dovetail.contrib.auth import credential_changes, users

    original = credential_changes.verify_password

    async def change_meanwhile(*args):
        answer = await original(*args)
        async with database.unit_of_work() as session:
            user = (await session.scalars(select(User))).one()
            await users.UserStore(session).update(user, {"hashed_password": (await hashed()).value})
        return answer

    monkeypatch.setattr(credential_changes, "verify_password", change_meanwhile)
    response = await ask_for(ada)
    assert (response.status_code, pointers(response)) == (422, ["/current_password"])


async def test_a_new_username_is_told_to_the_address(ada, outbox):
    change = {"username": "countess", "current_password": PASSWORD}
    assert (await ada.patch("/api/users/me", json=change)).json()["username"] == "countess"
    (told,) = outbox.messages
    assert (told.to, told.subject) == ("ada@example.org", "Your username was changed")
    assert "called ada and is called countess" in told.body


# By staff, with a token.


@pytest.mark.parametrize("change", [{"email": NEW}, {"username": "other"}])
async def test_staff_cannot_bypass_the_question_for_their_own_password(boss, session, change):
    response = await boss.patch(f"/api/users/{boss.user.id}", json=change | {"is_verified": True})
    assert response.status_code == 409
    assert "update_me" in response.json()["detail"]
    assert await address_of(session, "boss") == (TAKEN, True)


async def test_an_address_that_staff_enter_takes_effect_when_it_is_confirmed(boss, make_user, client, outbox, session):
    user = await make_user(username="ada", is_verified=True)
    changed = (await boss.patch(f"/api/users/{user.id}", json={"email": NEW})).json()
    assert (changed["email"], changed["is_verified"]) == ("ada@example.org", True)
    assert len(sent_to(outbox, "ada@example.org")) == 1
    assert (await verify(client, token_in(sent_to(outbox, NEW)[0]))).status_code == 200
    assert await address_of(session) == (NEW, True)


async def test_staff_vouch_for_an_address_and_the_old_one_is_told(boss, make_user, client, outbox, session):
    user = await make_user(username="ada")
    await client.post("/api/auth/request-verify-token", json={"email": "ada@example.org"})
    token = token_in(outbox.messages.pop())
    change = {"email": NEW, "is_verified": True}
    assert (await boss.patch(f"/api/users/{user.id}", json=change)).json()["email"] == NEW
    assert [(message.to, message.subject) for message in outbox.messages] == [
        ("ada@example.org", "Your e-mail address was changed")
    ]
    assert (await verify(client, token)).status_code == 400


async def test_a_change_by_staff_that_loses_a_race_is_sent_to_nobody(boss, make_user, outbox):
    user = await make_user(username="ada")
    etag = (await boss.get(f"/api/users/{user.id}")).headers["ETag"]
    await boss.patch(f"/api/users/{user.id}", json={"bio": "x"})
    response = await boss.patch(f"/api/users/{user.id}", json={"email": NEW}, headers={"If-Match": etag})
    assert response.status_code == 412
    assert outbox.messages == []


# In the back office.


@pytest.fixture
async def office(boss, back_office_for):
    return await back_office_for(boss.user)


async def test_an_open_browser_is_not_enough_to_take_over_the_account(office, boss, outbox, session):
    path = f"/auth/user/{boss.user.id}/change/"
    for change in ({"email": NEW}, {"username": "other"}):
        for current in ("", "a guess at it"):
            page = await office.submit(path, {**change, "current_password": current})
            assert page.status_code == 422
            assert "The current password is needed" in page.text
    assert outbox.messages == []
    assert await address_of(session, "boss") == (TAKEN, True)


async def test_who_knows_the_password_changes_their_own_address_and_confirms_it(office, boss, client, outbox, session):
    page = await office.submit(f"/auth/user/{boss.user.id}/change/", {"email": NEW, "current_password": PASSWORD})
    assert page.status_code == 303
    assert await address_of(session, "boss") == (TAKEN, True)
    assert len(sent_to(outbox, TAKEN)) == 1
    assert "A message is sent to" in (await office.get("/auth/user/")).text
    assert (await verify(client, token_in(sent_to(outbox, NEW)[0]))).status_code == 200
    assert await address_of(session, "boss") == (NEW, True)


async def test_other_things_about_oneself_need_no_password(office, boss, session):
    assert (await office.submit(f"/auth/user/{boss.user.id}/change/", {"full_name": "The Boss"})).status_code == 303


async def test_an_address_entered_for_another_user_takes_effect_when_it_is_confirmed(
    office, make_user, client, outbox, session
):
    user = await make_user(username="ada", is_verified=True)
    page = await office.get(f"/auth/user/{user.id}/change/")
    assert "current_password" not in page.text
    assert (await office.submit(f"/auth/user/{user.id}/change/", {"email": NEW})).status_code == 303
    assert await address_of(session) == ("ada@example.org", True)
    assert len(sent_to(outbox, "ada@example.org")) == 1
    assert (await verify(client, token_in(sent_to(outbox, NEW)[0]))).status_code == 200
    assert await address_of(session) == (NEW, True)


async def test_ticking_verified_together_with_an_address_vouches_for_it(office, make_user, outbox, session):
    user = await make_user(username="ada")
    assert (await office.submit(f"/auth/user/{user.id}/change/", {"email": NEW, "is_verified": "y"})).status_code == 303
    assert await address_of(session) == (NEW, True)
    assert [message.to for message in outbox.messages] == ["ada@example.org"]


async def test_a_stranger_learns_nothing_of_which_forms_there_are(client):
    for identity in ("auth/user", "no/thing"):
        for path in ("add/", "1/change/"):
            page = await client.post(f"/admin/{identity}/{path}", headers={"Origin": "http://testserver"})
            back = quote(f"/admin/{identity}/{path}", safe="")
            assert (page.status_code, page.headers["location"]) == (303, f"/admin/login?next={back}")
