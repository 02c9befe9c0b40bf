"""The filter builder by keyboard, three groups deep, in a real Chromium."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import delete

from dovetail.contrib.auth.sessions.models import Session
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in, log_in_here

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


async def test_a_filter_of_groups_in_groups_is_built_and_the_focus_stays_where_something_was_chosen(
    browser_page: Page, boss, parcels
):
    page = browser_page
    await log_in(page, "/admin/depot/parcels/", "Parcels")
    await page.get_by_text("Advanced filter").click()
    groups, rows = page.locator(".builder-group"), page.locator(".builder-row")
    await groups.nth(0).get_by_role("button", name="Add condition").first.click()
    await rows.nth(0).get_by_label("Filter by").select_option(label="Weight")
    comparison = rows.nth(0).get_by_label("Comparison")
    await comparison.select_option(label="is at least")
    await expect(comparison).to_be_focused()
    await rows.nth(0).get_by_label("Weight: value").fill("7")
    for depth, name in enumerate(("Stage", "Sent on")):
        await groups.nth(depth).get_by_role("button", name="Add group").last.click()
        row = rows.nth(depth + 1)
        await row.get_by_label("Filter by").select_option(label=name)
        await row.get_by_label("Comparison").select_option(label="is not")
        choice = "Delivered" if name == "Stage" else "No date"
        await row.get_by_label(f"{name}: value").select_option(label=choice)
    await expect(page.locator("#builder-where")).to_have_value(
        "weight >= 7 and (stage is_not delivered or (sent_on is_not null))"
    )
    await page.locator(".builder-form").get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("link", name="Chair", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Anvil", exact=True)).to_be_hidden()


async def test_a_condition_without_a_value_is_marked_and_the_others_stay(browser_page: Page, boss, parcels):
    page = browser_page
    await log_in(page, "/admin/depot/parcels/", "Parcels")
    await page.get_by_text("Advanced filter").click()
    rows, apply = page.locator(".builder-row"), page.locator(".builder-form").get_by_role("button", name="Apply")
    for number, (name, value) in enumerate((("Weight", "7"), ("Weight", ""), ("Courier", ""))):
        await page.get_by_role("button", name="Add condition").click()
        await rows.nth(number).get_by_label("Filter by").select_option(label=name)
        if value:
            await rows.nth(number).get_by_label("Weight: value").fill(value)
    await apply.press("Enter")
    missing = page.get_by_text("Give a value, or remove this condition.")
    await expect(missing).to_have_count(2)
    weight = rows.nth(1).get_by_label("Weight: value")
    await expect(weight).to_be_focused()
    await expect(weight).to_have_attribute("aria-invalid", "true")
    await expect(weight).to_have_accessible_description("Give a value, or remove this condition.")
    await weight.fill("9")
    await expect(missing).to_have_count(1)
    await apply.press("Enter")
    await expect(rows.nth(2).locator(".select2-selection")).to_be_focused()
    assert await findings(page) == []
    await rows.nth(2).get_by_role("button", name="Remove").click()
    await expect(missing).to_have_count(0)
    await apply.press("Enter")
    await expect(page).to_have_url(re.compile(r"where=weight\+%3D\+7\+and\+weight\+%3D\+9"))

    # An empty text, which only the text of a filter can ask for, stays where another condition is changed.
    written = 'name != "" or name contains n'
    await page.goto(f"/admin/depot/couriers/?where={written}")
    await page.get_by_role("button", name="Add condition").click()
    await page.get_by_role("button", name="Remove", exact=True).last.click()
    await expect(page.locator("#builder-where")).to_have_value(written)


async def test_conditions_that_are_not_applied_are_there_again_after_going_elsewhere_and_after_a_login(
    browser_page: Page, boss, parcels, session
):
    page = browser_page
    await log_in(page, "/admin/depot/parcels/", "Parcels")
    await page.get_by_text("Advanced filter").click()
    rows, form = page.locator(".builder-row"), page.locator(".builder-form")
    for number, (name, value) in enumerate((("Weight", "7"), ("Weight", ""))):
        await page.get_by_role("button", name="Add condition").click()
        await rows.nth(number).get_by_label("Filter by").select_option(label=name)
        await rows.nth(number).get_by_label("Weight: value").fill(value)
    await expect(form.get_by_role("status")).to_have_text("Not applied yet")
    await page.get_by_role("link", name="Chair", exact=True).click()
    await expect(page.get_by_role("heading", name="Chair")).to_be_visible()
    await page.go_back()
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0).get_by_label("Weight: value")).to_have_value("7")
    await expect(page.get_by_role("link", name="Anvil", exact=True)).to_be_visible()  # it is not applied

    await session.execute(delete(Session))
    await session.commit()
    await page.get_by_role("link", name="Parcels").first.click()
    await log_in_here(page, "Parcels")
    await expect(rows).to_have_count(2)
    await expect(form.get_by_role("status")).to_have_text("Not applied yet")
    await rows.nth(1).get_by_role("button", name="Remove").click()
    await form.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("link", name="Anvil", exact=True)).to_be_hidden()
    await expect(form.get_by_role("status")).to_have_text("")
    await rows.nth(0).get_by_label("Weight: value").fill("8")
    await form.get_by_role("button", name="Discard").click()
    await expect(page.locator("#builder-where")).to_have_value("weight = 7")
    await page.goto("/admin/depot/parcels/")
    await expect(page.get_by_role("link", name="Anvil", exact=True)).to_be_visible()
    await expect(rows).to_have_count(0)
