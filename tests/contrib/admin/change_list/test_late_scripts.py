"""What is typed into the cells of a list, or into many objects at once, before the scripts have come is not lost."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from tests.contrib.admin.depot.models import Parcel
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.late_scripts import before_scripts

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def page(boss, parcels, browser_page: Page, path_to) -> Page:
    """The list of parcels, of somebody who is logged in."""
    await log_in(browser_page, f"/admin{path_to('parcels')}", "Parcels")
    return browser_page


async def test_cells_that_were_typed_into_before_the_scripts_came_are_counted_and_taken_back(page):
    async with before_scripts(page, page.url):
        await page.get_by_label("Weight: Book").fill("2")
        await page.get_by_label("Is paid: Chair").check()
    await expect(page.get_by_text("2 not saved yet")).to_be_visible()
    await page.get_by_label("Weight: Book").press("Escape")
    await expect(page.get_by_label("Weight: Book")).to_have_value("1")
    await expect(page.get_by_text("1 not saved yet")).to_be_visible()


async def test_a_field_of_many_that_was_typed_into_before_the_scripts_came_is_changed(page, session):
    await page.get_by_label("Select Book").check()
    async with before_scripts(page):
        await page.get_by_role("button", name="Edit", exact=True).first.click(no_wait_after=True)
        await page.locator("[data-bulk-edit]").get_by_label("Weight", exact=True).fill("12")
    await expect(page.get_by_label("Change Weight")).to_be_checked()
    await page.get_by_role("button", name="Change 1 parcel").click()
    await expect(page.get_by_role("heading", name="Parcels")).to_be_visible()
    assert await session.scalar(select(Parcel.weight).where(Parcel.label == "Book")) == 12


async def test_conditions_that_were_typed_before_the_scripts_came_count(page):
    async with before_scripts(page, page.url):
        await page.get_by_text("Advanced filter").click()
        await page.get_by_label("As text").fill("weight >= 7")
    await expect(page.locator(".builder-row")).to_have_count(0)
    await page.locator(".builder").get_by_role("button", name="Apply").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
