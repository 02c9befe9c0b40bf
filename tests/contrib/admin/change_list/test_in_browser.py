"""A day with a list in a real Chromium: cells are changed, conditions built, a view saved, columns made wider."""

import re
from datetime import date

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from tests.contrib.admin.axe import findings
from tests.contrib.admin.depot.models import Parcel
from tests.contrib.admin.entering import log_in

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(boss, parcels, browser_page: Page, path_to) -> Page:
    """The list of parcels, of somebody who is logged in."""
    await log_in(browser_page, f"/admin{path_to('parcels')}", "Parcels")
    return browser_page


def rows(page: Page):
    return page.locator("tbody tr")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_cells_are_changed_in_the_list_and_what_others_did_meanwhile_is_told(page, session, parcels):
    weight = page.get_by_label("Weight: Book")
    await weight.fill("2")
    await weight.press("Alt+ArrowDown")
    await expect(page.get_by_label("Weight: Chair")).to_be_focused()
    await page.get_by_label("Is paid: Chair").check()
    await expect(page.get_by_text("2 not saved yet")).to_be_visible()
    await weight.fill("3")
    await weight.press("Escape")
    await expect(weight).to_have_value("1")
    await weight.fill("2")
    await page.get_by_role("button", name="Save changes").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("2 parcels were saved.")
    await page.wait_for_load_state()
    await weight.fill("5")
    await session.execute(update(Parcel).where(Parcel.label == "Book").values(weight=70))
    await session.commit()
    await weight.press("Enter")
    await expect(page.get_by_role("alert").first).to_contain_text("Somebody else changed some of these rows")
    await expect(page.get_by_text("Now: 70")).to_be_visible()
    await expect(weight).to_be_focused()
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_role("alert")).to_contain_text("1 parcel was saved.")
    assert await session.scalar(select(Parcel.weight).where(Parcel.label == "Book")) == 5


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_conditions_are_built_by_keyboard_kept_as_a_view_and_rows_open_by_a_click(page):
    await page.get_by_text("Advanced filter").press("Enter")
    for field, comparison, value in (("Weight", "is at least", "7"), ("Is paid", "is", "Yes")):
        await page.get_by_role("button", name="Add condition").press("Enter")
        row = page.locator(".builder-row").last
        await row.get_by_label("Filter by").select_option(field)
        await row.get_by_label("Comparison").select_option(comparison)
        if field == "Weight":
            await row.get_by_label("Weight: value").fill(value)
        else:
            await row.get_by_label("Is paid: value").select_option(value)
    await page.get_by_label("Rows fulfil").select_option("any of these")
    await expect(page.get_by_label("As text")).to_have_value("weight >= 7 or is_paid is true")
    await page.locator(".list-head").get_by_text("Columns").press("Enter")
    assert await findings(page) == []
    await page.locator(".builder").get_by_role("button", name="Apply").press("Enter")
    await expect(rows(page)).to_have_count(3)
    await page.get_by_text("Save view").press("Enter")
    await page.get_by_label("Name", exact=True).fill("Heavy or paid")
    await page.get_by_label("Name", exact=True).press("Enter")
    view = page.get_by_role("navigation", name="Views of this list").get_by_role("link", name="Heavy or paid")
    await expect(view).to_have_attribute("aria-current", "true")
    await page.get_by_label("As text").fill("weight > heavy")
    await page.get_by_label("As text").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("At character 1")
    await view.click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(rows(page)).to_have_count(3)
    await page.wait_for_load_state()
    edge = page.get_by_role("separator", name="Width of Label")
    before = int(await edge.get_attribute("aria-valuenow"))
    async with page.expect_response(re.compile("/columns/")):
        await edge.press("ArrowRight")
    await page.reload()
    await expect(edge).to_have_attribute("aria-valuenow", str(before + 16))
    link = page.get_by_role("link", name="Anvil", exact=True)
    await link.focus()
    await link.press("ArrowDown")
    await expect(page.get_by_role("link", name="Chair", exact=True)).to_be_focused()
    await page.get_by_role("row", name=re.compile("Select Chair")).locator("td").nth(1).click(position={"x": 3, "y": 3})
    await expect(page.get_by_role("heading", name="Chair")).to_be_visible()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_refused_change_of_all_that_match_keeps_what_was_typed_and_no_box_ticks_itself(page, session):
    await session.execute(update(Parcel).values(sent_on=date(2026, 12, 24)))
    await session.commit()
    await page.goto(f"{page.url.partition('?')[0]}?pageSize=3")
    await page.locator(".select-across").first.check()
    await page.get_by_role("button", name="Edit", exact=True).first.click()
    weight = page.get_by_label("Weight", exact=True)
    await expect(page.get_by_role("button", name="Sent on: Today")).to_be_visible()
    await expect(page.get_by_label("Change Sent on")).not_to_be_checked()  # whose calendar has fields of its own
    await weight.fill("2000000")
    await page.get_by_role("button", name="Change 4 parcels").click()
    told = page.get_by_role("alert").filter(has_text="Nothing was done. This value is not allowed here: Weight.")
    await expect(told).to_be_focused()
    await expect(weight).to_have_value("2000000")
    await weight.fill("8")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_text("4 parcels were changed.")).to_be_visible()
    assert set(await session.scalars(select(Parcel.weight))) == {8}
    assert set(await session.scalars(select(Parcel.sent_on))) == {date(2026, 12, 24)}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_after_an_action_by_keyboard_the_focus_is_where_the_first_selected_row_was(page, session):
    for key in ("j", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.get_by_label("Select Book")).to_be_checked()
    for key in ("a", "Enter"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("alert")).to_contain_text("1 sent.")
    await expect(page.get_by_role("link", name="Book", exact=True)).to_be_focused()
    for key in ("x", "a"):
        await page.keyboard.press(key)
    await page.get_by_role("button", name="Delete").first.press("Enter")
    await page.get_by_role("button", name="Delete", exact=True).press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Book was deleted.")
    await expect(page.get_by_role("link", name="Chair", exact=True)).to_be_focused()  # which is in its place


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_box_and_the_name_of_a_row_stay_in_sight_in_a_table_that_is_scrolled_sideways(page):
    places = """table => {
      const row = table.querySelector("tbody tr"), edge = table.getBoundingClientRect().left;
      return [...row.cells].slice(0, 3).map(cell => Math.round(cell.getBoundingClientRect().left - edge));
    }"""
    table = page.locator(".table-responsive")
    await table.evaluate("table => table.style.width = '24rem'")
    box, name, weight = await table.evaluate(places)
    await table.evaluate("table => table.scrollLeft = 300")
    assert (await table.evaluate(places))[:2] == [box, name]
    assert (await table.evaluate(places))[2] < weight
    await page.get_by_label("Weight: Book").focus()  # what is typed into is not below the columns that stay
    left = await page.get_by_label("Weight: Book").evaluate("one => one.getBoundingClientRect().left")
    assert left >= await page.get_by_role("link", name="Book", exact=True).evaluate(
        "one => one.closest('td').getBoundingClientRect().right"
    )
    await table.evaluate("table => { table.style.width = ''; table.scrollLeft = 0; }")
    await page.emulate_media(media="print")  # on paper there are no boxes, and nothing covers the next column
    boxes = """one => {
      const cells = [...one.querySelector("tbody tr").cells].slice(1, 3).map(cell => cell.getBoundingClientRect());
      return [cells[0].right, cells[1].left];
    }"""
    right, left = await table.evaluate(boxes)
    assert right <= left + 1
