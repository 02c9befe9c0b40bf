"""The way to a provider and back: once, in one browser, in time, and to a page of ours."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.auth.providers.models import ProviderLogin
from tests.contrib.auth.helpers import pointers
from tests.contrib.auth.providers.conftest import Browser, new_browser
from tests.once import asks_no_database


@asks_no_database
async def test_providers_are_listed_with_the_addresses_of_their_buttons(client):
    assert (await client.get("/api/auth/providers")).json() == {
        "items": [
            {"name": "corner", "title": "Corner", "kind": "oidc", "login_url": "/api/auth/providers/corner/login"},
            {"name": "code", "title": "Code Hub", "kind": "oauth2", "login_url": "/api/auth/providers/code/login"},
        ]
    }


async def test_a_browser_goes_to_the_provider_with_state_nonce_and_pkce(browser):
    left = await browser.leave(next="/docs")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert asked["redirect_uri"] == "http://testserver/api/auth/providers/corner/callback"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid email profile"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    cookie = left.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=600" in cookie


async def test_neither_state_nor_nonce_nor_verifier_is_in_the_database(browser, session):
    left = await browser.leave()
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    row = (await session.scalars(select(ProviderLogin))).one()
    stored = " ".join(str(value) for value in vars(row).values())
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name][0] not in stored


async def test_the_browser_comes_back_to_the_page_it_named(browser):
    assert (await browser.go_and_return(next="/app?tab=1")).headers["location"] == "/app?tab=1"
    assert (await browser.go_and_return()).headers["location"] == "/"


@asks_no_database
@pytest.mark.parametrize(
    "page",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "/%0d%0aSet-Cookie: x".replace("%0d%0a", "\r\n"),
        "javascript:alert(1)",
        "app",
        "",
        "/" + "x" * 2001,
    ],
)
async def test_the_next_page_cannot_be_on_another_site(browser, page):
    answer = await browser.leave(next=page)
    assert answer.status_code == 422
    assert pointers(answer) == ["next"]


async def test_another_site_cannot_begin_a_login_for_somebody(browser, session):
    for headers, status in (({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 303)):
        answer = await browser.client.get("/api/auth/providers/corner/login", headers=headers)
        assert answer.status_code == status
    assert await session.scalar(select(func.count()).select_from(ProviderLogin)) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])  # how both count is shown with the limiter
async def test_beginning_logins_is_limited(browser):
    answers = [await browser.leave("code") for _ in range(60)]
    while answers[-1].status_code == 303 and len(answers) < 150:  # one more a second is let through
        answers.append(await browser.leave("code"))
    assert answers[0].status_code == 303
    assert answers[-1].status_code == 429


async def test_a_state_works_once_of_many_times_at_once(browser):
    address = await browser.be_sent_back(await browser.leave())
    answers = await asyncio.gather(*(browser.return_to(address) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]


async def test_a_state_works_in_the_browser_only_that_it_was_made_for(app, browser, session):
    address = await browser.be_sent_back(await browser.leave())
    async with new_browser(app) as stranger:
        for cookies in ({}, dict.fromkeys(browser.client.cookies, "guessed")):
            stranger.cookies.update(cookies)
            answer = await stranger.get(address)
            assert answer.status_code == 400
            assert pointers(answer) == ["state"]
    assert (await browser.return_to(address)).status_code == 303


async def test_a_state_works_at_the_provider_only_that_it_was_made_for(browser):
    address = await browser.be_sent_back(await browser.leave("corner"))
    assert (await browser.return_to(address.replace("/corner/", "/code/"))).status_code == 400


async def test_a_state_works_for_ten_minutes(browser, session):
    address = await browser.be_sent_back(await browser.leave())
    await session.execute(update(ProviderLogin).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await browser.return_to(address)).status_code == 400


async def test_a_login_that_begins_removes_those_that_are_over(browser, session):
    await browser.leave()
    await session.execute(update(ProviderLogin).values(expires_at=datetime.now(UTC)))
    await session.commit()
    await browser.leave(next="/later")
    assert (await session.scalars(select(ProviderLogin.next))).all() == ["/later"]


@pytest.mark.parametrize("query", ["", "?state=", "?state=%00", "?state=guessed&code=x", "?state=" + "x" * 5000])
async def test_a_guessed_state_is_refused(browser, provider, query):
    await browser.leave()
    answer = await browser.return_to(f"/api/auth/providers/corner/callback{query}")
    assert answer.status_code in {400, 422}
    assert "/token" not in provider.asked


async def test_a_provider_that_the_site_does_not_name_is_not_there(browser):
    for path in ("/api/auth/providers/other/login", "/api/auth/providers/other/callback?state=x"):
        assert (await browser.client.get(path)).status_code == 404


async def test_a_provider_that_is_down_is_one_clear_error_and_leaves_nothing_behind(browser, provider, session):
    provider.lies.status = 500
    answer = await browser.leave()
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("Corner does not answer at the moment.")
    assert await session.scalar(select(func.count()).select_from(ProviderLogin)) == 0


async def test_what_went_wrong_at_the_provider_is_told_to_the_page_that_asks(browser, provider):
    provider.refuses = "access_denied"
    answer = await browser.log_in()
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Corner did not let you in, or you did not agree there."
    provider.refuses, provider.lies.claims = "", {"nonce": "of another login"}
    answer = await browser.log_in()
    assert answer.json()["detail"] == "The login at Corner did not work. Try again, or log in another way."


async def test_no_connection_is_held_while_a_provider_is_asked(app, browser: Browser, provider):
    pool = app.state.database.engine.pool
    held: list[int] = []
    provider.lies.before_answer = lambda: held.append(pool.checkedout())
    assert (await browser.go_and_return()).status_code == httpx.codes.SEE_OTHER
    assert held
    assert set(held) == {0}


def test_a_site_without_providers_imports_no_library_of_oauth():
    script = (
        "import sys; from config.settings import Settings; from dovetail.application import make_application;"
        "make_application(Settings(environment='test', secret_key='x' * 40));"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'authlib', 'joserfc', 'httpx2', 'httpx'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.strip() == "[]"
