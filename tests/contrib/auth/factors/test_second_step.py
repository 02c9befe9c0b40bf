"""The second step of a login, with an authenticator app or a recovery code."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from starlette.requests import HTTPConnection

from dovetail.application import make_application
from dovetail.contrib.auth.access import SecondStep, begin_login
from dovetail.contrib.auth.factors.challenges import MAXIMUM_ATTEMPTS
from dovetail.contrib.auth.factors.models import Challenge, RecoveryCode, Totp
from dovetail.contrib.auth.factors.totp import begin_totp, confirm_totp
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.users import LoggedIn, create_user, log_in, set_password
from dovetail.errors import PermissionDeniedError
from dovetail.signing import hash_token
from dovetail.testing.fixtures import make_client, running
from tests.contrib.auth.factors.conftest import code_of
from tests.contrib.auth.helpers import bearer, hashed, login

STEP = "/api/auth/login/second-factor"


async def begin(client, name: str = "ada") -> dict:
    response = await login(client, name)
    assert response.status_code == 200, response.text
    assert "access_token" not in response.json()
    return response.json()


async def answer(client, challenge: str, **proof):
    return await client.post(STEP, json={"challenge": challenge, **proof})


async def test_the_password_of_somebody_with_a_second_factor_gives_a_challenge_and_no_token(client, with_totp, session):
    ada = await with_totp()
    before = await session.scalar(select(func.count()).select_from(Session))
    await session.rollback()
    step = await begin(client)
    assert (step["methods"], step["expires_in"], step["passkey"]) == (["totp", "recovery_code"], 300, None)
    assert await session.scalar(select(func.count()).select_from(Session)) == before
    await session.rollback()
    response = await answer(client, step["challenge"], code=ada.code())
    me = await client.get("/api/users/me", headers=bearer(response.json()["access_token"]))
    assert me.json()["id"] == ada.user.id
    newest = select(Session.method).order_by(Session.id.desc()).limit(1)
    assert await session.scalar(newest) == "password+totp"


async def test_a_challenge_is_no_token_and_its_hash_is_all_that_is_stored(client, with_totp, session):
    await with_totp()
    step = await begin(client)
    assert (await client.get("/api/users/me", headers=bearer(step["challenge"]))).status_code == 401
    (stored,) = (await session.scalars(select(Challenge))).all()
    assert stored.token_hash == hash_token(step["challenge"])
    assert not any(step["challenge"] in str(value) for value in vars(stored).values())


async def test_a_code_works_once_and_so_does_an_earlier_one(client, with_totp):
    ada = await with_totp()
    first, second, third = [(await begin(client))["challenge"] for _ in range(3)]
    assert (await answer(client, first, code=ada.code())).status_code == 200
    assert (await answer(client, second, code=ada.code())).status_code == 401
    assert (await answer(client, second, code=ada.code(-1))).status_code == 401
    assert (await answer(client, third, code=ada.code(1))).status_code == 200  # a clock that is half a minute fast


async def test_a_code_of_more_than_a_minute_ago_or_ahead_is_refused(client, with_totp):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    for steps in (-3, -2, 3, 4):
        refused = await answer(client, challenge, code=ada.code(steps))
        assert refused.status_code == 401
        assert refused.json()["errors"][0]["type"] == "wrong_factor"


async def test_where_no_clock_may_differ_the_code_of_now_alone_is_taken(monkeypatch, make_settings, database_url):
    monkeypatch.setenv("AUTH_TOTP_DRIFT", "0")
    app = make_application(make_settings(database_url=database_url))
    async with running(app), app.state.database.unit_of_work() as session:
        ada = await create_user(session, username="ada", email="ada@example.org", password=None)
        row, secret = await begin_totp(session, ada, "Telephone")
        for steps, is_taken in ((-1, False), (1, False), (0, True), (0, False)):
            assert await confirm_totp(session, row, code_of(secret, steps)) is is_taken


async def test_of_five_who_send_one_code_at_once_one_is_let_in(client, with_totp):
    ada = await with_totp()
    challenges = [(await begin(client))["challenge"] for _ in range(5)]
    code = ada.code()
    answers = await asyncio.gather(*(answer(client, challenge, code=code) for challenge in challenges))
    assert sorted(one.status_code for one in answers) == [200] + [401] * 4


async def test_of_ten_who_answer_one_challenge_at_once_one_is_let_in(client, with_totp):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    proofs = [{"code": ada.code()}] + [{"recovery_code": code} for code in ada.recovery_codes[:3]]
    answers = await asyncio.gather(*(answer(client, challenge, **proof) for proof in proofs))
    assert sorted(one.status_code for one in answers) == [200] + [401] * 3


async def test_after_five_wrong_answers_a_challenge_refuses_the_right_one(client, with_totp, session):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    for _ in range(MAXIMUM_ATTEMPTS):
        assert (await answer(client, challenge, code="000000")).json()["errors"][0]["type"] == "wrong_factor"
    over = await answer(client, challenge, recovery_code=ada.recovery_codes[0])
    assert (over.status_code, over.json()["errors"][0]["type"]) == (401, "challenge_over")


async def test_a_challenge_ends_after_five_minutes(client, with_totp, session):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    await session.execute(update(Challenge).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await answer(client, challenge, code=ada.code())).json()["errors"][0]["type"] == "challenge_over"


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_login_removes_challenges_that_are_over_and_waits_for_nobody_who_does_too(client, with_totp, database):
    await with_totp()
    for _ in range(2):
        await begin(client)
    async with database.unit_of_work() as session:
        await session.execute(update(Challenge).values(expires_at=datetime.now(UTC)))
    async with database.unit_of_work() as session:
        locked = await session.scalar(select(Challenge.id).limit(1).with_for_update())
        async with asyncio.timeout(60):
            await begin(client)
        left = (await session.scalars(select(Challenge.id))).all()
    assert locked in left
    assert len(left) == 2


async def test_a_challenge_is_for_its_user_alone(client, with_totp):
    await with_totp("ada")
    eve = await with_totp("eve")
    challenge = (await begin(client, "ada"))["challenge"]
    assert (await answer(client, challenge, code=eve.code())).status_code == 401
    assert (await answer(client, challenge, recovery_code=eve.recovery_codes[0])).status_code == 401


async def test_a_recovery_code_works_once_however_it_is_typed(client, with_totp, session):
    ada = await with_totp()
    code = ada.recovery_codes[3]
    assert len(code.replace("-", "")) == 24  # of 32 letters and digits: 120 bits
    stored = (await session.scalars(select(RecoveryCode.code_hash))).all()
    await session.rollback()
    assert (len(stored), any(code in one for one in stored)) == (10, False)
    typed = code.upper().replace("-", " ").replace("0", "O")
    assert (await answer(client, (await begin(client))["challenge"], recovery_code=typed)).status_code == 200
    assert (await answer(client, (await begin(client))["challenge"], recovery_code=code)).status_code == 401
    assert (await ada.client.get("/api/auth/factors")).json()["recovery_codes"] == 9


async def test_a_new_password_invalidates_pending_challenges(client, with_totp, database):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    async with database.unit_of_work() as session:
        await set_password(session, await session.get_one(type(ada.user), ada.user.id), await hashed())
    assert (await answer(client, challenge, code=ada.code())).status_code == 401


async def test_who_was_deactivated_meanwhile_is_not_let_in(client, with_totp, session):
    ada = await with_totp()
    challenge = (await begin(client))["challenge"]
    await session.execute(update(type(ada.user)).values(is_active=False))
    await session.commit()
    assert (await answer(client, challenge, code=ada.code())).status_code == 401


async def test_an_answer_that_is_not_one_proof_is_invalid_input(client):
    for proof in ({}, {"code": "123456", "recovery_code": "x"}, {"code": ""}, {"code": "1" * 65}):
        assert (await answer(client, "x", **proof)).status_code == 422


async def test_a_malformed_code_is_refused(client, with_totp):
    await with_totp()
    challenge = (await begin(client))["challenge"]
    for code in ("12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16"):
        assert (await answer(client, challenge, code=code)).status_code == 401


async def test_the_secret_of_an_app_is_stored_encrypted(with_totp, session):
    ada = await with_totp()
    stored = await session.scalar(select(Totp.secret))
    await session.rollback()
    assert ada.secret not in stored
    assert stored.startswith("gAAAA")  # Fernet's version and time


async def test_with_another_secret_key_codes_go_on_and_their_secret_is_encrypted_anew(
    with_totp, session, settings, make_settings
):
    ada = await with_totp()
    old, before = settings.secret_key.get_secret_value(), await session.scalar(select(Totp.secret))
    await session.rollback()
    new = "n" * 40
    for secret_key, earlier, status in ((new, [], 401), (new, [old], 200), (new, [], 200)):
        given = {"secret_key": secret_key, "secret_key_fallbacks": earlier}
        url = settings.database_url.get_secret_value()
        async with (
            running(make_application(make_settings(database_url=url, **given))) as app,
            make_client(app) as client,
        ):
            challenge = (await begin(client))["challenge"]
            assert (await answer(client, challenge, code=ada.code())).status_code == status, (earlier, status)
        await session.execute(update(Totp).values(last_step=Totp.last_step - 10))
        await session.commit()
    after = await session.scalar(select(Totp.secret))
    assert before != after


async def test_a_plugin_with_its_own_login_cannot_bypass_the_second_factor(with_totp, make_user, database):
    ada, eve = (await with_totp()).user, await make_user(username="eve")
    connection = HTTPConnection({"type": "http", "headers": [], "client": ("203.0.113.7", 1), "path": "/"})
    async with database.unit_of_work() as session:
        user = await session.get_one(User, ada.id)
        with pytest.raises(PermissionDeniedError, match="second factor"):
            await log_in(session, user, connection=None, method="ldap")
        step = await begin_login(session, user, connection=connection, method="ldap")
        assert isinstance(step, SecondStep)
        assert isinstance(await begin_login(session, eve, connection=connection, method="ldap"), LoggedIn)


async def test_guessing_codes_is_limited_over_all_challenges_and_a_recovery_code_still_works(client, with_totp):
    ada = await with_totp()
    challenges = [(await begin(client))["challenge"] for _ in range(3)]
    guesses = [await answer(client, challenges[n % 3], code=f"{n:06}") for n in range(6)]
    assert [one.status_code for one in guesses] == [401] * 5 + [429]
    assert "retry-after" in guesses[-1].headers
    assert (await answer(client, challenges[0], recovery_code=ada.recovery_codes[0])).status_code == 200
