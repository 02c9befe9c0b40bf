"""What is sent twice in a hurry is saved once, and what is too long is not cut off, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import func, select

from tests.contrib.admin.entering import log_in
from tests.contrib.admin.guild.models import Workshop

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def page(browser_page: Page, boss) -> Page:
    """Of a superuser who is logged in."""
    await log_in(browser_page, "/admin/", "Welcome")
    return browser_page


async def test_a_form_that_is_sent_twice_in_a_hurry_makes_one_object(page, session):
    await page.goto("/admin/guild/raw/add/")
    await page.get_by_label("Name").fill("Twice")
    await page.keyboard.press("Control+s")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_text("Twice was saved.")).to_be_visible()
    assert await session.scalar(select(func.count()).select_from(Workshop)) == 1


async def test_a_text_that_is_too_long_is_told_and_kept_whole(page):
    await page.goto("/admin/guild/raw/add/")
    name = page.get_by_label("Name")
    await name.fill("x" * 5000)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(name).to_have_attribute("aria-invalid", "true")
    assert len(await name.input_value()) == 5000


async def test_a_name_that_is_written_from_the_right_is_shown_from_the_right(page):
    await page.goto("/admin/guild/raw/add/")
    name = page.get_by_label("Name")
    await name.fill("عنوان")
    assert await name.evaluate("one => getComputedStyle(one).direction") == "rtl"
    await name.fill("Title")
    assert await name.evaluate("one => getComputedStyle(one).direction") == "ltr"


async def test_a_form_that_is_sent_while_the_browser_is_offline_stays_as_it_is_and_is_sent_later(page, session):
    await page.goto("/admin/guild/raw/add/")
    name, told = page.get_by_label("Name"), page.get_by_text("You seem to be offline.")
    await page.context.set_offline(True)
    await name.fill("In a tunnel")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(told).to_be_visible()
    await expect(name).to_have_value("In a tunnel")
    await page.context.set_offline(False)
    await expect(told).to_be_hidden()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("In a tunnel was saved.")).to_be_visible()
    assert await session.scalar(select(func.count()).select_from(Workshop)) == 1
