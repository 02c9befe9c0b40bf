"""What a reset of the password does to second factors: nothing, unless the address was never verified."""

from sqlalchemy import select

from dovetail.contrib.auth.providers.models import ConnectedLogin
from tests.contrib.auth.helpers import NEW_PASSWORD, login, token_in


async def test_a_password_reset_does_not_bypass_the_second_factor(client, with_totp, outbox):
    ada = await with_totp()
    waiting = (await login(client, "ada")).json()["challenge"]
    await client.post("/api/auth/forgot-password", json={"email": "ada@example.org"})
    reset = {"token": token_in(outbox.messages[-1]), "password": NEW_PASSWORD}
    answer = await client.post("/api/auth/reset-password", json=reset)
    assert (answer.status_code, answer.content) == (204, b"")
    step = (await login(client, "ada", NEW_PASSWORD)).json()
    assert "access_token" not in step
    for challenge, status in ((waiting, 401), (step["challenge"], 200)):
        body = {"challenge": challenge, "code": ada.code()}
        assert (await client.post("/api/auth/login/second-factor", json=body)).status_code == status


async def test_whoever_registers_a_foreign_address_loses_their_passkey_when_its_owner_resets_the_password(
    client, with_passkey, with_totp, session, outbox
):
    trojan, verified = await with_passkey("trojan"), await with_passkey("verified", is_verified=True)
    await with_totp("app")
    for holder in (trojan, verified):
        name = holder.user.username
        session.add(
            ConnectedLogin(user_id=holder.user.id, issuer="x", subject=name, provider="x", email=f"{name}@x.org")
        )
    await session.commit()
    for name in ("trojan", "verified", "app"):
        await client.post("/api/auth/forgot-password", json={"email": f"{name}@example.org"})
        reset = {"token": token_in(outbox.messages[-1]), "password": NEW_PASSWORD}
        assert (await client.post("/api/auth/reset-password", json=reset)).status_code == 204

    statuses = []
    for holder in (trojan, verified):
        options = (await client.post("/api/auth/passkeys/options")).json()["options"]
        body = {"passkey": holder.authenticator.get(options)}
        statuses.append((await client.post("/api/auth/passkeys/login", json=body)).status_code)
    assert statuses == [401, 200]
    assert (await session.scalars(select(ConnectedLogin.subject))).all() == ["verified"]
    await session.rollback()
    assert "access_token" in (await login(client, "trojan", NEW_PASSWORD)).json()
    assert "challenge" in (await login(client, "app", NEW_PASSWORD)).json()
    told = {one.to for one in outbox.messages if "all passkeys and connected logins were removed" in one.body}
    assert told == {"trojan@example.org"}
