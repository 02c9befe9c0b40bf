"""Staff enter the back office by a provider, and connect such logins on the page of their account."""

import httpx
import pytest
from sqlalchemy import select

from dovetail.application import make_application
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.providers.models import ConnectedLogin
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.testing.fixtures import running
from tests.contrib.auth.providers.conftest import Browser, new_browser


async def connect(session, user: User, provider) -> None:
    fields = {"issuer": provider.base, "subject": provider.person.subject, "provider": "corner"}
    session.add(ConnectedLogin(user_id=user.id, email="ada@example.org", **fields))
    await session.commit()


async def follow(browser: Browser, path: str) -> httpx.Response:
    """Go to the provider by a link of the back office, log in there, come back, and follow where that leads."""
    address = await browser.be_sent_back(await browser.client.get(path))
    back = await browser.return_to(address)
    return await browser.client.get(back.headers["location"])


async def send(browser: Browser, path: str, **fields: str) -> httpx.Response:
    page = await browser.client.get("/admin/account/")
    data = {"csrf_token": read_form(page.text)["csrf_token"][0], **fields}
    return await browser.client.post(path, data=data, headers={"Origin": ORIGIN})


async def test_the_login_page_has_a_button_for_each_provider(browser):
    page = await browser.client.get("/admin/login?next=/admin/auth/user/")
    assert 'href="/admin/login/with/corner?next=%2Fadmin%2F' in page.text
    assert "Log in with Corner" in page.text
    assert "Log in with Code Hub" in page.text


async def test_staff_come_in_by_a_provider_to_the_page_they_asked_for(browser, make_user, provider, session):
    await connect(session, await make_user(username="boss", is_superuser=True), provider)
    entered = await follow(browser, "/admin/login/with/corner?next=/admin/account/")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/admin/account/"
    assert "Your account" in (await browser.client.get("/admin/account/")).text
    row = (await session.scalars(select(Session))).one()
    assert (row.method, row.kind) == ("oidc:corner", "office")


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", "/admin\\@elsewhere.example"])
async def test_a_login_by_a_provider_never_leads_elsewhere(browser, make_user, provider, session, page):
    await connect(session, await make_user(username="boss", is_superuser=True), provider)
    entered = await follow(browser, str(httpx.URL("/admin/login/with/corner", params={"next": page})))
    assert entered.headers["location"].startswith("/admin/")
    assert "elsewhere" not in entered.headers["location"].partition("?")[0]


async def test_a_refused_login_by_a_provider_is_explained_on_the_login_page(browser, make_user, provider, session):
    user = await make_user(username="reader")
    for words in ("No account is connected", "does not open the back office"):
        refused = await follow(browser, "/admin/login/with/corner")
        assert refused.headers["location"].startswith("/admin/login?")
        assert words in (await browser.client.get(refused.headers["location"])).text
        if words.startswith("No account"):
            await connect(session, user, provider)
    assert (await session.scalars(select(Session))).all() == []


async def test_another_site_leads_to_the_login_page_and_no_further(browser):
    answer = await browser.client.get("/admin/login/with/corner", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["location"].startswith("/admin/login?")
    assert "another site led you there" in (await browser.client.get(answer.headers["location"])).text


async def test_whoever_has_a_second_factor_is_asked_for_it_unless_the_provider_was(
    browser, make_user, provider, session
):
    boss = await make_user(username="boss", is_superuser=True, has_second_factor=True)
    await connect(session, boss, provider)
    entered = await follow(browser, "/admin/login/with/corner")
    assert entered.headers["location"].startswith("/admin/login/second-factor")
    assert (await session.scalars(select(Session))).all() == []
    await session.rollback()
    provider.lies.claims = {"amr": ["otp"]}
    assert (await follow(browser, "/admin/login/with/corner")).headers["location"] == "/admin/"


async def test_a_provider_that_is_down_is_told_on_the_login_page(browser, provider):
    provider.lies.status = 500
    answer = await browser.client.get("/admin/login/with/corner")
    assert answer.status_code == 303
    assert "Corner does not answer at the moment" in (await browser.client.get(answer.headers["location"])).text
    assert (await browser.client.get("/admin/login/with/other")).status_code == 404


async def test_a_site_that_drops_the_routers_of_providers_has_no_buttons_and_no_way_there(settings):
    async with running(make_application(settings, {"auth.providers": None})) as app, new_browser(app) as client:
        page = await client.get("/admin/login")
        assert (page.status_code, "Log in with Corner" in page.text) == (200, False)
        assert (await client.get("/admin/login/with/corner")).status_code == 404


async def test_an_owner_connects_and_disconnects_a_login_and_is_told_by_mail(browser, make_user, session, outbox):
    await make_user(username="boss", is_superuser=True)
    form = read_form((await browser.client.get("/admin/login")).text)
    data = {"csrf_token": form["csrf_token"][0], "username": "boss", "password": PASSWORD}
    await browser.client.post("/admin/login", data=data, headers={"Origin": ORIGIN})
    page = await follow(browser, "/admin/login/with/corner?connect=1")
    assert "Whoever logs in as ada@example.org at Corner is to be you." in page.text
    assert (await send(browser, "/admin/account/connected/connect")).status_code == 303
    key = (await session.scalars(select(ConnectedLogin.id))).one()
    await session.rollback()
    assert "Disconnect ada@example.org at Corner" in (await browser.client.get("/admin/account/")).text
    for other in ("x", "999"):
        assert (await send(browser, "/admin/account/connected/disconnect", id=other)).status_code == 404
    assert (await send(browser, "/admin/account/connected/disconnect", id=str(key))).status_code == 303
    assert (await session.scalars(select(ConnectedLogin))).all() == []
    assert [mail.to for mail in outbox.messages] == ["boss@example.org"] * 2
    assert "may log in to your account, at Corner" in outbox.messages[0].body


async def test_without_a_recent_proof_nothing_is_connected_there(browser, make_user, provider, session):
    await connect(session, await make_user(username="boss", is_superuser=True), provider)
    provider.lies.claims["auth_time"] = 1_600_000_000
    await follow(browser, "/admin/login/with/corner")
    await follow(browser, "/admin/login/with/code?connect=1")
    answer = await send(browser, "/admin/account/connected/connect")
    assert answer.headers["location"].startswith("/admin/prove")
    assert len((await session.scalars(select(ConnectedLogin))).all()) == 1
    await session.rollback()

    page = await browser.client.get(answer.headers["location"])
    assert "Log in again with Corner" in page.text
    provider.lies.claims = {}
    await follow(browser, "/admin/login/with/corner?again=1")
    await follow(browser, "/admin/login/with/code?connect=1")
    assert (await send(browser, "/admin/account/connected/connect")).headers["location"] == "/admin/account/"
    assert len((await session.scalars(select(ConnectedLogin))).all()) == 2
