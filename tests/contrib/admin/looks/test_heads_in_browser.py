"""The head of a page has one line for its heading at every width, and no empty strip, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from tests.contrib.admin.entering import log_in

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]
WIDTHS = (320, 800, 1300)  # the first is too narrow for both, whatever fonts the machine has
LINES = "one => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)"

BOTTOM = "one => one.getBoundingClientRect().bottom"


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_a_heading_has_one_line_and_its_buttons_beside_it_where_there_is_room(browser_page: Page, boss):
    await log_in(browser_page, "/admin/auth/securityevent/", "Security events")
    heading, button = browser_page.get_by_role("heading", level=1), browser_page.get_by_role("link", name="CSV")
    for width in WIDTHS:
        await browser_page.set_viewport_size({"width": width, "height": 860})
        assert await heading.evaluate(LINES) < 1.5, width
        below, place = await heading.evaluate(BOTTOM), await button.bounding_box()
        assert (place["y"] > below) == (width == WIDTHS[0]), width


async def test_a_phone_shows_no_strip_for_tools_that_are_not_there(browser_page: Page, boss):
    await log_in(browser_page, "/admin/auth/outgoingmail/", "Outgoing mail")
    tools = browser_page.locator(".list-tools")
    await expect(tools).to_be_visible()
    await browser_page.set_viewport_size({"width": 390, "height": 860})
    await expect(tools).to_be_hidden()
