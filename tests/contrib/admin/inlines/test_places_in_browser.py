"""Rows within rows, and rows that are put in order by keyboard and by dragging, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from config.settings import Settings
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.festival.models import Booking, Slot, Stage
from tests.contrib.admin.inlines.conftest import FestivalSettings
from tests.contrib.admin.inlines.test_kinds_of_inlines import address, rows
from tests.contrib.admin.inlines.test_polls_in_browser import WIDTHS, is_too_wide

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["postgresql"])]


@pytest.fixture(scope="session")
def settings_class() -> type[Settings]:
    return FestivalSettings


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_rows_are_put_in_order_and_have_rows_of_their_own(browser_page: Page, app, make_user, session, festival):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await log_in(page, "/admin/", "Welcome")
    await page.goto(f"/admin{address(app, 'edit', festival.id)}")
    stages = page.locator('[data-inline="stage"]')
    await stages.get_by_role("button", name="Move down").first.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Place to play is now 2 of 3.")).to_be_attached()
    await expect(stages.get_by_role("button", name="Move down").nth(1)).to_be_focused()
    await page.get_by_role("button", name="Add another place to play").click()
    added = page.get_by_role("group", name="Place to play 4")
    await expect(added.get_by_label("Name")).to_be_focused()  # and not its place, which buttons change
    await added.get_by_label("Name").fill("Roof")
    await page.get_by_role("button", name="Add another place to play").click()
    await page.get_by_role("group", name="Place to play 5").get_by_role("button", name="Remove place to play").click()
    await expect(added.get_by_label("Name")).to_be_focused()
    await added.get_by_role("button", name="Add another slot").click()
    await added.get_by_label("Hour").nth(1).fill("7")
    bookings = page.locator('[data-inline="booking"]')
    await page.get_by_role("button", name="Add another booking").click()
    row = bookings.locator("[data-inline-row]").last
    await row.locator(".select2-selection").click()
    await page.locator(".select2-container--open .select2-search__field").press_sequentially("quiet")
    await page.locator(".select2-results__option", has_text="The Quiet").click()
    await expect(row.locator(".select2-selection")).to_contain_text("The Quiet")
    await row.get_by_label("Fee").fill("1")
    handles = stages.locator(".inline-handle")
    await handles.nth(3).drag_to(handles.nth(0), target_position={"x": 2, "y": 2})
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 860})
        assert not await is_too_wide(page), width
        assert width == 800 or await findings(page) == [], width
    await page.get_by_role("button", name="Save and continue editing").click()
    await expect(page.get_by_role("alert")).to_contain_text("Open Fields was saved.")
    found = sorted(await rows(session, Stage.place, Stage.name))
    assert [name for _, name in found] == ["Roof", "Tent", "Main"]
    assert await rows(session, Slot.hour) == [(7,), (20,), (22,)]
    assert (1, "boss") in await rows(session, Booking.fee, Booking.booked_by)
