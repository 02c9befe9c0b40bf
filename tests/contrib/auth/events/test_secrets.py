"""No kind of secret comes into an event or the log, used rightly or wrongly, by the API or by the back office."""

import json

import httpx
import pytest
from sqlalchemy import select, update

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.factors.challenges import make_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose, Totp
from dovetail.contrib.auth.providers.models import ConnectedLogin
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.admin.account.test_factors import enrol
from tests.contrib.auth.events.test_events import events
from tests.contrib.auth.events.watch import Watch
from tests.contrib.auth.factors.conftest import FACTORS, code_of, register, with_passkey, with_totp
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator
from tests.contrib.auth.helpers import NEW_PASSWORD, bearer, login, token_in
from tests.contrib.auth.providers.conftest import (
    _provider_process,
    browser,
    new_browser,
    options,
    provider,
    settings,
)
from tests.contrib.auth.providers.provider import CLIENT_SECRET

__all__ = ("_provider_process", "browser", "options", "provider", "settings", "with_passkey", "with_totp")  # fixtures
# What is told does not hang on the database, which test_events.py asks on both.
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
STEP, TOKENS, REFRESH = "/api/auth/login/second-factor", "/api/auth/tokens", "/api/auth/token"
NEW_ADDRESS = "ada.new@example.org"


@pytest.fixture
def watch(caplog) -> Watch:
    return Watch(caplog)


async def test_no_code_recovery_code_or_challenge_is_logged(app, client, with_totp, session, watch):
    ada = await with_totp()
    watch.keep(ada.secret, *ada.recovery_codes)
    watch.follow(client)
    watch.follow(ada.client)
    used = ada.code()
    for proof in ({"code": "123456"}, {"recovery_code": "wrong-but-telling-code"}, {"code": used}, {"code": used}):
        step = (await login(client, "ada")).json()
        await client.post(STEP, json={"challenge": step["challenge"], **proof})
    for _ in range(2):
        step = (await login(client, "ada")).json()
        await client.post(STEP, json={"challenge": step["challenge"], "recovery_code": ada.recovery_codes[0]})
    await client.post(STEP, json={"challenge": ada.recovery_codes[1], "code": ada.secret})  # each in a wrong field
    await login(client, ada.recovery_codes[2], ada.secret)
    await client.get("/api/users/me", headers=bearer(ada.recovery_codes[3]))
    await client.get(f"/api/posts?search={ada.recovery_codes[4]}", headers=bearer(ada.secret))
    await ada.client.post(f"{FACTORS}/recovery-codes")
    await ada.client.post(f"{FACTORS}/totp", json={"name": "Second"})
    assert len(watch.secrets) > 30
    watch.check(await events(app, session))


async def test_no_passkey_challenge_or_answer_is_logged(app, client, with_passkey, session, watch):
    ada, eve = await with_passkey(), await with_passkey("eve")
    for one in (client, ada.client):
        watch.follow(one)
    for holder, key in ((ada, None), (eve, ada.authenticator.keys[0])):
        asked = (await client.post("/api/auth/passkeys/options")).json()["options"]
        passkey = holder.authenticator.get(asked, key=key)
        await client.post("/api/auth/passkeys/login", json={"passkey": passkey})
        await client.post("/api/auth/passkeys/login", json={"passkey": passkey})  # used up
    await register(ada.client, SoftAuthenticator(), "Second")
    await register(ada.client, SoftAuthenticator(origin="https://elsewhere.example"), "Third")
    assert any(len(secret) > 60 for secret in watch.secrets)
    watch.check(await events(app, session))


async def test_no_personal_token_is_logged_within_its_scopes_and_beyond(app, client, make_user, session, watch):
    await make_user(username="ada")
    watch.follow(client)
    answer = (await login(client, "ada")).json()
    mine = bearer(answer["access_token"])
    made = await client.post(TOKENS, json={"name": "ci", "scopes": ["blog.view_post"]}, headers=mine)
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    for path in ("/api/posts", "/api/users/me", "/api/users"):  # within its scopes, and beyond them
        await client.get(path, headers=bearer(token))
    await client.get(f"/api/posts?token={token}", headers=bearer(token[:-1] + "x"))
    await client.post("/api/auth/login", data={"username": token, "password": token})
    await client.delete(f"{TOKENS}/{made.json()['id']}", headers=mine)
    await client.get("/api/posts", headers=bearer(token))
    assert token in watch.secrets
    watch.check(await events(app, session))


class TestRefreshTokens:
    @pytest.fixture
    def settings(self, settings, monkeypatch):
        monkeypatch.setenv("AUTH_REFRESH_TOKENS", "true")
        return settings

    async def test_no_refresh_token_is_logged_even_if_it_is_reused(self, app, client, make_user, session, watch):
        await make_user(username="ada")
        watch.follow(client)
        first = (await login(client, "ada")).json()["refresh_token"]
        for token in (first, first, "dvr_made-up-and-telling", "of no form at all"):
            await client.post(REFRESH, data={"grant_type": "refresh_token", "refresh_token": token})
        assert first in watch.secrets
        watch.keep("dvr_made-up-and-telling")
        watch.check(await events(app, session))


async def test_no_e_mailed_token_is_logged_even_if_it_is_reused(  # noqa: PLR0917 - fixtures
    app, client, make_user, session, outbox, watch
):
    await make_user(username="ada", is_verified=False)
    watch.follow(client)
    mine = bearer((await login(client, "ada")).json()["access_token"])
    await client.post("/api/auth/request-verify-token", json={"email": "ada@example.org"})
    await client.patch("/api/users/me", json={"email": NEW_ADDRESS, "current_password": PASSWORD}, headers=mine)
    await client.post("/api/auth/forgot-password", json={"email": "ada@example.org"})
    tokens = [token_in(message) for message in outbox.messages if _has_token(message)]
    assert len(tokens) >= 3
    for token in (*tokens, *tokens, "a-made-up-token"):
        await client.post("/api/auth/verify", json={"token": token})
        await client.post("/api/auth/reset-password", json={"token": token, "password": NEW_PASSWORD})
        await client.post("/api/auth/reset-password", json={"token": token, "password": "short"})
    assert set(tokens) <= watch.secrets
    watch.check(await events(app, session))


def _has_token(message) -> bool:
    try:
        token_in(message)
    except AssertionError:
        return False
    return True


async def test_no_secret_exchanged_with_a_provider_is_logged(  # noqa: PLR0917 - fixtures
    app, browser, make_user, provider, session, watch
):
    boss = await make_user(username="boss", is_superuser=True)
    session.add(
        ConnectedLogin(
            user_id=boss.id,
            email="b@example.org",
            issuer=provider.base,
            subject=provider.person.subject,
            provider="corner",
        )
    )
    await session.commit()
    watch.keep(CLIENT_SECRET)
    watch.follow(browser.client)
    for name in ("corner", "code"):
        await browser.log_in(name)
    left = await browser.leave()
    address = await browser.be_sent_back(left)
    watch.keep(*(value for _, value in httpx.URL(address).params.multi_items()))
    for again in (address, address, address.replace("state=", "state=x"), address.replace("code=", "error=no&code=")):
        await browser.return_to(again)
    assert (await browser.client.get("/admin/login")).status_code == 200
    for _ in range(2):
        back = await browser.be_sent_back(await browser.client.get("/admin/login/with/corner"))
        watch.keep(*(value for _, value in httpx.URL(back).params.multi_items()))
        await browser.return_to(back)
        await browser.return_to(back)
    assert len(watch.secrets) > 12
    watch.check(await events(app, session))


async def test_the_back_office_logs_no_secret(app, make_user, database, session, watch):
    boss = await make_user(username="boss", is_superuser=True)
    async with new_browser(app) as client:
        office = _Office(watch.follow(client))
        await office.post("/login", {"username": "boss", "password": "wrong and telling"})
        await office.post("/login", {"username": "boss", "password": PASSWORD})
        assert (await client.get("/admin/account/")).status_code == 200
        secret, codes = await enrol(office)
        watch.keep(secret, *codes)
        await office.post("/account/tokens", {"name": "ci", "scopes": "blog.view_post", "password": PASSWORD})
        await office.post("/account/factors/passkey", {"name": "Key", "passkey": json.dumps({"id": "a-telling-id"})})
        await office.post("/account/factors/options", {})
        await office.post("/logout", {})
        async with database.unit_of_work() as work:
            await work.execute(update(Totp).values(last_step=Totp.last_step - 10))
            link = await make_challenge(work, ChallengePurpose.ENROL, boss.id, lifetime=3600)
        watch.keep(link)
        for proof in ({"code": "123456"}, {"recovery_code": codes[0] + "x"}, {"recovery_code": codes[1]}):
            await office.post("/login", {"username": "boss", "password": PASSWORD})
            answer = await office.post("/login/second-factor", proof)
        assert answer.status_code == 303, answer.text
        await office.post("/login", {"username": codes[2], "password": code_of(secret)})
        for token in (link, link + "x"):
            await client.get(f"http://localhost/admin/enrol?token={token}")
        assert len(watch.secrets) > 20
        watch.check(await events(app, session))
        assert await session.scalar(select(Totp.id))


class _Office:
    """A browser in the back office that sends forms as its pages have them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, data: dict[str, str]) -> httpx.Response:
        for page in ("/admin/account/", "/admin/login/second-factor", "/admin/login"):
            shown = await self.client.get(page)
            if shown.status_code == 200:
                break
        form = {**data, "csrf_token": read_form(shown.text)["csrf_token"][0]}
        return await self.client.post(f"/admin{path}", data=form, headers={"Origin": ORIGIN})
