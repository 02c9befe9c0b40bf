"""The theme of the pages: the device's, the light or the dark one, kept for its user."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import select

from dovetail.contrib.admin.models import Preference
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.testing.browser import PATIENCE
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.admin.entering import log_in

THEME = COOKIE.replace("session", "theme")


def theme_of(html: str) -> str:
    found = re.search(r'<html lang="en" data-theme="(\w+)"', html)
    assert found is not None, html[:200]
    return found[1]


async def test_a_theme_is_kept_for_its_user_in_every_browser_they_log_in_with(office, boss, client, session):
    assert theme_of((await office.get("/")).text) == "system"
    answer = await office.post("/theme", {"theme": "dark"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    for path in ("/", "/account/", "/nothing/there/"):
        assert theme_of((await office.get(path)).text) == "dark"
    await office.post("/theme", {"theme": "light"})
    assert await session.scalar(select(Preference.theme).where(Preference.user_id == boss.id)) == "light"
    await session.commit()
    page = await client.get("/admin/login")
    assert theme_of(page.text) == "system"
    values = {**read_form(page.text), "username": "boss", "password": PASSWORD}
    answer = await client.post("/admin/login", data=values, headers={"Origin": "http://testserver"})
    assert answer.status_code == 303, answer.text
    assert client.cookies[THEME] == "light"
    assert theme_of((await client.get("/admin/")).text) == "light"


async def test_a_first_choice_may_be_made_in_two_pages_at_once(office, session):
    chosen = [("/theme", {"theme": "dark"}), ("/shortcuts", {"shortcuts": "off"})]
    answers = await asyncio.gather(*(office.post(path, data) for path, data in chosen))
    assert [answer.status_code for answer in answers] == [303] * 2
    kept = (await session.execute(select(Preference.theme, Preference.shortcuts))).one()
    assert tuple(kept) == ("dark", False)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_who_is_about_to_log_in_chooses_a_theme_too(client):
    token = read_form((await client.get("/admin/login")).text)["csrf_token"]
    values = {"csrf_token": token, "theme": "dark"}
    assert (await client.post("/admin/login/theme", data=values)).status_code == 403  # from nowhere
    answer = await client.post("/admin/login/theme", data=values, headers={"Origin": "http://testserver"})
    assert answer.status_code == 303
    assert theme_of((await client.get("/admin/login")).text) == "dark"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_no_theme_is_refused_and_what_a_cookie_makes_up_is_none(office, session, boss):
    answer = await office.post("/theme", {"theme": "pink"})
    assert answer.status_code == 400
    assert "system" in answer.text
    assert await session.get(Preference, boss.id) is None
    office.client.cookies.set(THEME, '"><script>')
    assert theme_of((await office.get("/")).text) == "system"


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_dark_theme_is_there_before_the_first_paint_and_choosing_one_keeps_what_is_typed(
    app, browser_page: Page, make_user
):
    await make_user(username="boss", is_superuser=True)
    page = browser_page
    await page.emulate_media(color_scheme="dark")
    await page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.first = document.documentElement.dataset.bsTheme; })"
    )
    await page.goto("/admin/")
    assert await page.evaluate("window.first") == "dark"
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    await page.get_by_label("Username or e-mail address").fill("boss")
    async with page.expect_response("**/theme"):
        await page.get_by_role("button", name="Dark theme").press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    await expect(page.get_by_role("button", name="Dark theme", pressed=True)).to_be_visible()
    await expect(page.get_by_label("Username or e-mail address")).to_have_value("boss")
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Log in").click()
    assert await page.evaluate("window.first") == "dark"
    assert await page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_theme_is_kept_though_its_page_is_left_at_once(app, browser_page: Page, make_user, session):
    boss = await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/", "Welcome")
    is_left = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_left.wait()
        await route.continue_()

    await browser_page.route("**/theme", hold)
    async with browser_page.expect_request("**/theme"):
        await browser_page.get_by_role("button", name="Dark theme").click()
    await browser_page.goto("/admin/account/")
    is_left.set()
    async with asyncio.timeout(PATIENCE):
        while await session.scalar(select(Preference.theme).where(Preference.user_id == boss.id)) != "dark":
            await session.commit()
            await asyncio.sleep(0.05)


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_windows_that_are_open_follow_when_a_theme_is_chosen(app, browser_page: Page, make_user):
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/", "Welcome")
    popup = await browser_page.context.new_page()
    await popup.goto(f"{browser_page.url}auth/group/add/?_popup=1")
    for name, theme in (("Dark theme", "dark"), ("Light theme", "light")):
        async with browser_page.expect_response("**/theme"):
            await browser_page.get_by_role("button", name=name).click()
        await expect(popup.locator("html")).to_have_attribute("data-bs-theme", theme)
    # A site below another path of this origin has a key of its own, so that its windows do not follow.
    key = await popup.evaluate("Object.keys(localStorage).find((key) => key.startsWith('dovetail-theme'))")
    assert key.partition(" ")[2].startswith("/admin/")
