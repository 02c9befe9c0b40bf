"""Whose account a login at a provider opens: that which its owner connected, and no other."""

import httpx
import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.events.recorder import RECORDER
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.providers.models import ConnectedLogin
from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.auth.helpers import bearer, token_of
from tests.contrib.auth.providers.conftest import Browser, new_browser


async def test_a_login_that_its_owner_has_connected_opens_the_account(browser, make_user):
    await make_user(username="ada")
    token = await token_of(browser.client, "ada")
    connected = await browser.connect(token)
    assert connected.status_code == 201, connected.text
    assert connected.json()["email"] == "ada@example.org"

    answer = await browser.log_in()
    assert answer.status_code == 200, answer.text
    me = await browser.client.get("/api/users/me", headers=bearer(answer.json()["access_token"]))
    assert me.json()["username"] == "ada"


async def test_a_verified_address_alone_does_not_open_the_account_that_has_it(browser, make_user, session):
    await make_user(username="ada", email="ada@example.org", is_verified=True)
    answer = await browser.log_in()
    assert answer.status_code == 401
    assert "Log in another way, and connect it" in answer.json()["detail"]
    assert (await session.scalars(select(ConnectedLogin))).all() == []
    assert (await session.scalars(select(Session))).all() == []


async def test_an_unconnected_login_can_be_connected_after_logging_in_another_way(browser, make_user):
    await make_user(username="ada")
    assert (await browser.log_in()).status_code == 401
    token = await token_of(browser.client, "ada")
    answer = await browser.client.post("/api/auth/connected-logins", headers=bearer(token))
    assert answer.status_code == 201
    assert (await browser.log_in()).status_code == 200


async def test_whoever_has_a_second_factor_gets_a_challenge_unless_the_provider_asked_for_one(
    browser, provider, make_user, session
):
    ada = await make_user(username="ada")
    await browser.connect(await token_of(browser.client, "ada"))
    (await session.get_one(User, ada.id)).has_second_factor = True
    await session.commit()
    answer = (await browser.log_in()).json()
    assert "access_token" not in answer
    assert answer["challenge"]
    provider.lies.claims = {"amr": ["otp"]}
    assert "access_token" in (await browser.log_in()).json()


async def test_logins_at_providers_are_security_events(app, browser, make_user, session):
    await make_user(username="ada")
    await browser.log_in()
    token = await token_of(browser.client, "ada")
    made = (await browser.connect(token)).json()
    await browser.client.delete(f"/api/auth/connected-logins/{made['id']}", headers=bearer(token))
    await RECORDER.get(app).settle()
    found = {event.kind: event.detail for event in await session.scalars(select(SecurityEvent))}
    assert "No account is connected" in found[EventKind.LOGIN_FAILED]
    assert "ada@example.org at corner" in found[EventKind.IDENTITY_LINKED]
    assert "ada@example.org at corner" in found[EventKind.IDENTITY_UNLINKED]


async def test_a_login_whose_address_the_provider_does_not_vouch_for_is_not_connected(browser, provider, make_user):
    provider.person.email_verified = False
    await make_user(username="ada")
    answer = await browser.connect(await token_of(browser.client, "ada"))
    assert answer.status_code == 409
    assert "does not vouch for an e-mail address" in answer.json()["detail"]


async def test_a_login_belongs_to_one_account(browser, make_user):
    await make_user(username="ada")
    await make_user(username="eve")
    assert (await browser.connect(await token_of(browser.client, "ada"))).status_code == 201
    answer = await browser.connect(await token_of(browser.client, "eve"))
    assert answer.status_code == 409
    assert answer.json()["detail"] == "This login at Corner is connected with an account already."


async def test_the_same_subject_of_another_issuer_is_somebody_else(browser, make_user, session):
    await make_user(username="ada")
    assert (await browser.connect(await token_of(browser.client, "ada"))).status_code == 201
    assert (await browser.log_in()).status_code == 200
    await session.execute(update(ConnectedLogin).values(issuer="https://elsewhere.example"))
    await session.commit()
    assert (await browser.log_in()).status_code == 401


async def test_nothing_is_connected_without_a_login_and_a_recent_proof(browser, make_user, session):
    await make_user(username="ada")
    assert (await browser.connect("wrong")).status_code == 401
    token = await token_of(browser.client, "ada")
    row = (await session.scalars(select(Session))).one()
    row.proved_at = None
    await session.commit()
    answer = await browser.connect(token)
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("proof-required")


async def test_a_deactivated_user_does_not_get_in_by_a_provider(browser, make_user, session):
    ada = await make_user(username="ada")
    assert (await browser.connect(await token_of(browser.client, "ada"))).status_code == 201
    row = await session.get_one(User, ada.id)
    row.is_active, row.has_second_factor = False, True
    await session.commit()
    answer = await browser.log_in()
    assert answer.status_code == 401
    assert answer.json()["detail"] == "This account is deactivated."


async def test_connected_logins_are_listed_and_taken_away_by_their_owner_only(app, browser, make_user):
    await make_user(username="ada")
    await make_user(username="eve")
    ada, eve = [bearer(await token_of(browser.client, name)) for name in ("ada", "eve")]
    made = (await browser.connect(ada["Authorization"].removeprefix("Bearer "))).json()
    address = f"/api/auth/connected-logins/{made['id']}"
    assert (await browser.client.get("/api/auth/connected-logins", headers=ada)).json() == {"items": [made]}
    assert (await browser.client.get("/api/auth/connected-logins", headers=eve)).json() == {"items": []}
    assert (await browser.client.delete(address, headers=eve)).status_code == 404
    assert (await browser.client.delete(address, headers=ada)).status_code == 204
    assert (await browser.log_in()).status_code == 401


async def test_the_last_way_to_log_in_stays(browser, make_user, session):
    ada = await make_user(username="ada")
    token = await token_of(browser.client, "ada")
    first = (await browser.connect(token)).json()["id"]
    (await session.get_one(User, ada.id)).hashed_password = UNUSABLE_PASSWORD
    await session.commit()
    address = "/api/auth/connected-logins"
    refused = await browser.client.delete(f"{address}/{first}", headers=bearer(token))
    assert refused.status_code == 409
    assert "only way to log in" in refused.json()["detail"]
    assert (await browser.connect(token, "code")).status_code == 201
    assert (await browser.client.delete(f"{address}/{first}", headers=bearer(token))).status_code == 204


@pytest.fixture
def _people_may_sign_up(options):
    options["sign_up"] = True


@pytest.mark.usefixtures("_people_may_sign_up")
class TestSigningUp:
    async def test_somebody_new_gets_an_account_where_the_settings_say_so(self, browser, session):
        answer = await browser.log_in()
        assert answer.status_code == 200, answer.text
        user = (await session.scalars(select(User))).one()
        assert (user.username, user.email, user.full_name) == ("ada.l", "ada@example.org", "Ada Lovelace")
        assert user.is_verified
        assert not user.is_staff
        assert user.hashed_password == UNUSABLE_PASSWORD
        await session.rollback()
        assert (await browser.log_in()).status_code == 200

    async def test_an_account_with_the_address_is_neither_entered_nor_made_twice(self, browser, make_user, session):
        await make_user(username="ada", email="ada@example.org", is_verified=True)
        answer = await browser.log_in()
        assert answer.status_code == 401
        assert "An account with the address ada@example.org exists already" in answer.json()["detail"]
        assert len((await session.scalars(select(User))).all()) == 1

    async def test_an_address_that_is_not_verified_makes_no_account(self, browser, provider, session):
        provider.person.email_verified = "false"
        assert (await browser.log_in()).status_code == 401
        assert (await session.scalars(select(User))).all() == []

    async def test_a_taken_or_odd_username_becomes_a_free_one(self, browser, provider, make_user, session):
        provider.person.username = "Ada L!"
        await make_user(username="ada-l-")
        assert (await browser.log_in()).status_code == 200
        made = (await session.scalars(select(User).where(User.email == "ada@example.org"))).one()
        assert made.username.startswith("Ada-L--")


async def test_the_session_knows_how_its_user_logged_in(browser, make_user, session):
    await make_user(username="ada")
    await browser.connect(await token_of(browser.client, "ada"))
    await browser.log_in(again="true")
    row = (await session.scalars(select(Session).order_by(Session.id.desc()).limit(1))).one()
    assert row.method == "oidc:corner"
    assert row.proved_at is not None


async def test_a_proof_that_the_provider_got_long_ago_is_no_recent_one(browser, provider, make_user):
    provider.lies.claims["auth_time"] = 1_600_000_000
    await make_user(username="ada")
    await browser.connect(await token_of(browser.client, "ada"))
    token = (await browser.log_in()).json()["access_token"]
    answer = await browser.connect(token, "code")
    assert answer.json()["type"].endswith("proof-required")


async def test_the_result_of_a_login_belongs_to_its_browser(app, browser: Browser, make_user):
    await make_user(username="ada")
    await browser.connect(await token_of(browser.client, "ada"))
    assert (await browser.go_and_return()).status_code == 303
    async with new_browser(app) as other:
        assert (await other.post("/api/auth/providers/token")).status_code == 401
    assert (await browser.client.post("/api/auth/providers/token")).status_code == httpx.codes.OK
    assert (await browser.client.post("/api/auth/providers/token")).status_code == 401
