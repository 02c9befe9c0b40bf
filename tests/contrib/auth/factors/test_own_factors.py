"""One's own factors by the API: named, listed, removed, after a recent proof."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from dovetail.contrib.auth.factors.models import RecoveryCode, Totp
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.factors.conftest import FACTORS, code_of, register
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator
from tests.contrib.auth.helpers import login


async def test_an_app_is_active_after_a_code_has_confirmed_it(client, client_for, make_user, session):
    ada = await client_for(await make_user(username="ada"))
    enrolment = (await ada.post(f"{FACTORS}/totp", json={"name": " My  telephone "})).json()
    assert enrolment["name"] == "My telephone"
    assert enrolment["uri"] == f"otpauth://totp/Dovetail:ada?secret={enrolment['secret']}&issuer=Dovetail"
    assert (await ada.get(FACTORS)).json()["totp"] == []
    assert "access_token" in (await login(client, "ada")).json()
    path = f"{FACTORS}/totp/{enrolment['id']}/confirm"
    assert (await ada.post(path, json={"code": "000000"})).status_code == 400
    confirmed = (await ada.post(path, json={"code": code_of(enrolment["secret"])})).json()
    assert (len(confirmed["recovery_codes"]), len(set(confirmed["recovery_codes"]))) == (10, 10)
    assert (await ada.post(path, json={"code": code_of(enrolment["secret"], 1)})).status_code == 404
    listed = (await ada.get(FACTORS)).json()
    assert ([one["name"] for one in listed["totp"]], listed["recovery_codes"]) == (["My telephone"], 10)
    assert "challenge" in (await login(client, "ada")).json()
    assert await session.scalar(select(User.has_second_factor))


async def test_an_app_that_was_not_confirmed_within_the_hour_never_is(client_for, make_user, session):
    ada = await client_for(await make_user(username="ada"))
    enrolment = (await ada.post(f"{FACTORS}/totp", json={"name": "Telephone"})).json()
    await session.execute(update(Totp).values(created_at=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    path = f"{FACTORS}/totp/{enrolment['id']}/confirm"
    assert (await ada.post(path, json={"code": code_of(enrolment["secret"])})).status_code == 404


async def test_new_recovery_codes_invalidate_the_old_ones(client, with_totp):
    ada = await with_totp()
    fresh = (await ada.client.post(f"{FACTORS}/recovery-codes")).json()["recovery_codes"]
    assert not set(fresh) & set(ada.recovery_codes)
    for code, status in ((ada.recovery_codes[0], 401), (fresh[0], 200)):
        challenge = (await login(client, "ada")).json()["challenge"]
        body = {"challenge": challenge, "recovery_code": code}
        assert (await client.post("/api/auth/login/second-factor", json=body)).status_code == status


async def test_there_are_no_recovery_codes_without_a_factor(client_for, make_user):
    ada = await client_for(await make_user(username="ada"))
    assert (await ada.post(f"{FACTORS}/recovery-codes")).status_code == 409


async def test_with_the_last_factor_the_recovery_codes_go_and_the_password_is_enough(client, with_totp, session):
    ada = await with_totp()
    assert (await register(ada.client, SoftAuthenticator())).json()["recovery_codes"] == []
    listed = (await ada.client.get(FACTORS)).json()
    assert (await ada.client.delete(f"{FACTORS}/totp/{listed['totp'][0]['id']}")).status_code == 204
    assert (await login(client, "ada")).json()["methods"] == ["passkey", "recovery_code"]
    assert (await ada.client.delete(f"{FACTORS}/passkeys/{listed['passkeys'][0]['id']}")).status_code == 204
    assert "access_token" in (await login(client, "ada")).json()
    assert await session.scalar(select(func.count()).select_from(RecoveryCode)) == 0


async def test_the_last_passkey_of_somebody_without_a_password_stays(with_passkey, session):
    ada = await with_passkey(hashed_password="!")
    key = (await ada.client.get(FACTORS)).json()["passkeys"][0]["id"]
    assert (await ada.client.delete(f"{FACTORS}/passkeys/{key}")).status_code == 409
    await register(ada.client, SoftAuthenticator())
    assert (await ada.client.delete(f"{FACTORS}/passkeys/{key}")).status_code == 204


async def test_a_factor_can_be_renamed(with_totp):
    ada = await with_totp()
    await register(ada.client, SoftAuthenticator())
    listed = (await ada.client.get(FACTORS)).json()
    for kind in ("totp", "passkeys"):
        path = f"{FACTORS}/{kind}/{listed[kind][0]['id']}"
        assert (await ada.client.patch(path, json={"name": "Old one"})).json()["name"] == "Old one"
        for wrong in ("", " ", "x" * 101, "a\x1bb", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 6):
            assert (await ada.client.patch(path, json={"name": wrong})).status_code == 422


async def test_nobody_touches_the_factors_of_another(with_totp, client_for, make_user):
    ada = await with_totp("ada")
    await register(ada.client, SoftAuthenticator())
    eve = await client_for(await make_user(username="eve"))
    listed = (await ada.client.get(FACTORS)).json()
    for kind in ("totp", "passkeys"):
        path = f"{FACTORS}/{kind}/{listed[kind][0]['id']}"
        assert (await eve.patch(path, json={"name": "Mine"})).status_code == 404
        assert (await eve.delete(path)).status_code == 404
    assert (await ada.client.get(FACTORS)).json() == listed


async def test_to_change_a_factor_takes_a_recent_proof(with_totp, session):
    ada = await with_totp()
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(days=1)))
    await session.commit()
    key = (await ada.client.get(FACTORS)).json()["totp"][0]["id"]
    answers = [
        await ada.client.post(f"{FACTORS}/totp", json={"name": "x"}),
        await ada.client.post(f"{FACTORS}/totp/{key}/confirm", json={"code": "123456"}),
        await ada.client.patch(f"{FACTORS}/totp/{key}", json={"name": "x"}),
        await ada.client.delete(f"{FACTORS}/totp/{key}"),
        await ada.client.post(f"{FACTORS}/passkeys/options"),
        await ada.client.post(f"{FACTORS}/recovery-codes"),
    ]
    assert {one.json()["type"] for one in answers} == {"urn:dovetail:problem:proof-required"}


async def test_nobody_has_more_than_twenty_factors_of_a_kind(with_totp, session):
    ada = await with_totp()
    now = datetime.now(UTC)
    session.add_all(Totp(user_id=ada.user.id, name=f"{n}", secret="x", confirmed_at=now) for n in range(19))
    await session.commit()
    assert (await ada.client.post(f"{FACTORS}/totp", json={"name": "x"})).status_code == 409


async def test_with_a_second_factor_a_shorter_password_is_enough(with_totp, client_for, make_user):
    eve = await client_for(await make_user(username="eve"))
    change = {"password": "wq8#kd2z", "current_password": PASSWORD}
    assert (await eve.patch("/api/users/me", json=change)).status_code == 422
    ada = await with_totp()
    assert (await ada.client.patch("/api/users/me", json=change)).status_code == 200
