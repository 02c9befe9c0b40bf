"""A time that is none comes back as it was typed, whether scripts run or not."""

import re
from datetime import time

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from tests.contrib.admin.drawer.models import Specimen
from tests.contrib.admin.entering import log_in

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def page(browser_page: Page, boss, session) -> Page:
    session.add_all([Specimen(id=1, name="Odd", opens=time(9, 5, 3)), Specimen(id=2, name="Even", opens=time(9, 5))])
    await session.commit()
    await log_in(browser_page, "/admin/drawer/specimen/1/change/", "Odd")
    return browser_page


async def test_a_time_that_is_none_comes_back_in_its_field_where_no_script_runs(page, session):
    context = await page.context.browser.new_context(java_script_enabled=False)
    await context.add_cookies(await page.context.cookies())
    plain = await context.new_page()
    await plain.goto(page.url.replace("/1/", "/2/"))
    opens = plain.get_by_label("Opens", exact=True)
    await opens.fill("18:3")
    await plain.get_by_role("button", name="Save", exact=True).click()
    await expect(plain.get_by_text("This is no time of day, such as 18:00.").first).to_be_visible()
    await expect(opens).to_have_value("18:3")
    await opens.fill("18:30")
    await plain.get_by_role("button", name="Save", exact=True).click()
    await expect(plain).to_have_url(re.compile(r"/drawer/specimen/$"))
    assert await session.scalar(select(Specimen.opens).where(Specimen.id == 2)) == time(18, 30)


async def test_a_script_makes_the_field_of_a_time_what_the_browser_has_for_one(page):
    opens = page.get_by_label("Opens", exact=True)
    await expect(opens).to_have_attribute("type", "time")
    await expect(opens).to_have_value("09:05:03")
