"""What a browser cannot read as a number stays where it was typed, and is told before anything is sent."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from tests.contrib.admin.depot.models import Parcel
from tests.contrib.admin.entering import log_in

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def page(browser_page: Page, boss, parcels) -> Page:
    await log_in(browser_page, f"/admin/depot/parcels/{parcels[0].id}/change/", "Anvil")
    return browser_page


async def test_a_number_that_the_browser_cannot_send_is_told_beside_its_field_and_nothing_typed_is_lost(page, session):
    weight = page.get_by_label("Weight")
    await weight.evaluate("one => { one.type = 'number'; }")  # as forms of authors have them
    await page.get_by_label("Label").fill("Big anvil")
    await weight.fill("")
    await weight.press_sequentially("12e")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("This is not a number.")).to_be_visible()
    await expect(weight).to_be_focused()
    await expect(weight).to_have_accessible_description("This is not a number.")
    await expect(page.get_by_label("Label")).to_have_value("Big anvil")
    assert await weight.evaluate("one => one.validity.badInput")  # what was typed still stands there
    await weight.fill("120")
    await expect(page.get_by_text("This is not a number.")).to_be_hidden()
    await expect(weight).not_to_have_attribute("aria-invalid", "true")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Big anvil was saved.")).to_be_visible()
    assert await session.scalar(select(Parcel.weight).where(Parcel.label == "Big anvil")) == 120


async def test_text_in_place_of_a_number_is_shown_as_it_was_sent_with_the_error_beside_it(page):
    weight = page.get_by_label("Weight")
    await weight.fill("1,5 kg")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Nothing was saved. Correct what is marked below.")).to_be_visible()
    await expect(weight).to_have_value("1,5 kg")
    await expect(weight).to_be_focused()
    await weight.fill("15")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Anvil was saved.")).to_be_visible()
