"""Passkeys by the API, with an authenticator in Python: as the second factor, and alone."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from dovetail.contrib.auth.factors.models import Challenge, Passkey
from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.auth.factors.conftest import FACTORS, register
from tests.contrib.auth.factors.soft_authenticator import Key, SoftAuthenticator
from tests.contrib.auth.helpers import bearer, login

OPTIONS, LOGIN = "/api/auth/passkeys/options", "/api/auth/passkeys/login"
STEP = "/api/auth/login/second-factor"


async def options_of(client) -> dict:
    return (await client.post(OPTIONS)).json()["options"]


async def log_in(client, authenticator: SoftAuthenticator, **more):
    return await client.post(LOGIN, json={"passkey": authenticator.get(await options_of(client), **more)})


async def test_somebody_logs_in_by_a_passkey_alone(client, with_passkey, session):
    ada = await with_passkey()
    options = await options_of(client)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    assert options.get("allowCredentials", []) == []  # nobody was named
    response = await log_in(client, ada.authenticator)
    me = await client.get("/api/users/me", headers=bearer(response.json()["access_token"]))
    assert me.json()["id"] == ada.user.id
    assert await session.scalar(select(Session.method).order_by(Session.id.desc()).limit(1)) == "passkey"


async def test_a_passkey_is_asked_for_that_names_its_user_and_asks_for_a_finger_or_a_pin(client_for, make_user):
    ada = await client_for(await make_user(username="ada", full_name="Ada Lovelace"))
    options = (await ada.post(f"{FACTORS}/passkeys/options")).json()["options"]
    assert options["rp"]["id"] == "localhost"
    assert (options["user"]["name"], options["user"]["displayName"]) == ("ada", "Ada Lovelace")
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")


async def test_a_passkey_is_a_second_factor_too_and_only_those_of_the_user_are_asked_for(client, with_passkey):
    ada = await with_passkey("ada")
    eve = await with_passkey("eve")
    step = (await login(client, "ada")).json()
    assert step["methods"] == ["passkey", "recovery_code"]
    assert [one["id"] for one in step["passkey"]["allowCredentials"]] == [ada.authenticator.keys[0].id]
    for holder, status in ((eve, 401), (ada, 200)):
        passkey = holder.authenticator.get(step["passkey"], key=holder.authenticator.keys[0])
        answered = await client.post(STEP, json={"challenge": step["challenge"], "passkey": passkey})
        assert answered.status_code == status, answered.text


async def test_an_answer_is_good_once_and_for_its_own_challenge(client, with_passkey):
    ada = await with_passkey()
    authenticator = ada.authenticator
    answer = authenticator.get(await options_of(client))
    answers = await asyncio.gather(*(client.post(LOGIN, json={"passkey": answer}) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [200] + [401] * 4
    of_second_step = authenticator.get((await login(client, "ada")).json()["passkey"])
    assert (await client.post(LOGIN, json={"passkey": of_second_step})).status_code == 401
    made_up = {"rpId": "localhost", "challenge": "A" * 43}
    assert (await client.post(LOGIN, json={"passkey": authenticator.get(made_up)})).status_code == 401


async def test_a_challenge_of_a_passkey_ends_after_five_minutes(client, with_passkey, session):
    ada = await with_passkey()
    options = await options_of(client)
    await session.execute(update(Challenge).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await client.post(LOGIN, json={"passkey": ada.authenticator.get(options)})).status_code == 401


async def test_a_page_of_another_site_a_lazy_authenticator_and_a_forged_signature_let_nobody_in(client, with_passkey):
    ada = await with_passkey()
    key = ada.authenticator.keys[0]
    for wrong in (
        SoftAuthenticator(keys=[key], origin="https://evil.example"),
        SoftAuthenticator(keys=[key], origin="http://localhost.evil.example:8000"),
        SoftAuthenticator(keys=[key], verifies=False),
        SoftAuthenticator(keys=[key], is_framed=True),
        SoftAuthenticator(keys=[Key(rp_id="localhost", user_handle=key.user_handle, id=key.id, count=50)]),
    ):
        assert (await log_in(client, wrong)).status_code == 401
    strange = Key(rp_id="evil.example", user_handle=key.user_handle, private=key.private, id=key.id, count=60)
    assert (await log_in(client, SoftAuthenticator(keys=[strange]), key=strange)).status_code == 401
    key.count = 100
    assert (await log_in(client, ada.authenticator)).status_code == 200


async def test_a_passkey_with_the_user_handle_of_another_user_is_refused(client, with_passkey):
    ada = await with_passkey("ada")
    eve = await with_passkey("eve")
    ada.authenticator.keys[0].user_handle = eve.authenticator.keys[0].user_handle
    assert (await log_in(client, ada.authenticator)).status_code == 401


async def test_a_copied_passkey_is_detected_by_its_counter(client, with_passkey, session):
    ada = await with_passkey()
    assert (await log_in(client, ada.authenticator)).status_code == 200
    assert (await log_in(client, ada.authenticator)).status_code == 200
    assert await session.scalar(select(Passkey.sign_count)) == 2
    await session.rollback()
    ada.authenticator.keys[0].count = 1
    assert (await log_in(client, ada.authenticator)).status_code == 401


async def test_a_passkey_without_a_counter_can_be_used_repeatedly(client, with_passkey):
    ada = await with_passkey(authenticator=SoftAuthenticator(counts=False))
    for _ in range(2):
        assert (await log_in(client, ada.authenticator)).status_code == 200


async def test_somebody_has_several_passkeys_with_names_of_one_user_handle(client, with_passkey, session):
    ada = await with_passkey()
    other = SoftAuthenticator()
    assert (await register(ada.client, other, "YubiKey")).json()["recovery_codes"] == []
    assert other.keys[0].user_handle == ada.authenticator.keys[0].user_handle
    listed = (await ada.client.get(FACTORS)).json()
    assert [(one["name"], one["transports"]) for one in listed["passkeys"]] == [
        ("Key", "hybrid internal"),
        ("YubiKey", "hybrid internal"),
    ]
    assert (await log_in(client, other)).status_code == 200
    assert (await session.scalars(select(Passkey.last_used_at).order_by(Passkey.id))).all()[0] is None


async def test_a_registration_answers_a_challenge_of_its_user_once(client_for, make_user, session):
    ada, eve = await client_for(await make_user(username="ada")), await client_for(await make_user(username="eve"))
    options = (await ada.post(f"{FACTORS}/passkeys/options")).json()["options"]
    made = SoftAuthenticator().create(options)
    body = {"name": "Key", "passkey": made}
    assert (await eve.post(f"{FACTORS}/passkeys", json=body)).status_code == 400
    answers = [await ada.post(f"{FACTORS}/passkeys", json=body) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 400]
    assert await session.scalar(select(func.count()).select_from(Passkey)) == 1


async def test_a_passkey_that_was_made_elsewhere_or_without_its_user_is_not_registered(client_for, make_user):
    ada = await client_for(await make_user(username="ada"))
    framed = SoftAuthenticator(is_framed=True)
    for wrong in (SoftAuthenticator(origin="https://evil.example"), SoftAuthenticator(verifies=False), framed):
        assert (await register(ada, wrong)).status_code == 400
    options = (await ada.post(f"{FACTORS}/passkeys/options")).json()["options"]
    made = SoftAuthenticator().create(options)
    made["response"]["attestationObject"] = "AAAA"
    refused = await ada.post(f"{FACTORS}/passkeys", json={"name": "Key", "passkey": made})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/passkey")


async def test_a_passkey_that_is_registered_is_not_registered_again(with_passkey):
    ada = await with_passkey()
    options = (await ada.client.post(f"{FACTORS}/passkeys/options")).json()["options"]
    assert options["excludeCredentials"][0]["id"] == ada.authenticator.keys[0].id
    made = SoftAuthenticator().create(options, id=ada.authenticator.keys[0].id)
    assert (await ada.client.post(f"{FACTORS}/passkeys", json={"name": "Key", "passkey": made})).status_code == 409


async def test_invalid_passkey_data_is_refused(client, with_passkey):
    ada = await with_passkey()
    right = ada.authenticator.get(await options_of(client))
    for name in ("clientDataJSON", "authenticatorData", "signature"):
        for wrong in ("AAAA", "A", "_", right["response"]["signature"]):
            if (name, wrong) != ("signature", right["response"]["signature"]):
                sent = right | {"response": right["response"] | {name: wrong}}
                assert (await client.post(LOGIN, json={"passkey": sent})).status_code == 401
    assert (await client.post(LOGIN, json={"passkey": {}})).status_code == 422
