"""What a reset of the password does to a second factor: nothing."""

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
