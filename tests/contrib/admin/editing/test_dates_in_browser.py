"""A day that is typed is the day that is saved, or the form says that it is none, in a real Chromium."""

from datetime import UTC, date, datetime

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from tests.contrib.admin.entering import log_in
from tests.contrib.admin.guild.models import Workshop

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]

SET_ZONE = """async () => {
  const values = new URLSearchParams({ zone: "Europe/Berlin" });
  values.set("csrf_token", document.querySelector('[name="csrf_token"]').value);
  await fetch("/admin/zone", { method: "POST", body: values });
}"""


@pytest.fixture
async def page(browser_page: Page, boss, workshop) -> Page:
    """The tab of a form with a day and a moment."""
    await log_in(browser_page, f"/admin/guild/tabbed/{workshop.id}/change/", "Looms")
    await browser_page.get_by_role("tab", name="Times").click()
    return browser_page


async def leave(page: Page) -> None:
    """Leave a field as somebody does who clicks beside it."""
    await page.get_by_role("heading", name="Looms").click()


async def test_a_day_is_typed_as_iso_8601_or_with_dots_and_what_is_none_stays_as_it_was_typed(page):
    day, moment = page.get_by_role("textbox", name="Founded on"), page.get_by_role("textbox", name="Opens at")
    for typed, shown in (("01.02.2026", "2026-02-01"), ("2026-2-3", "2026-02-03"), ("31. 12. 2026", "2026-12-31")):
        await day.fill(typed)
        await leave(page)
        await expect(day).to_have_value(shown)
    for typed, shown in (("01.02.2026 03:04", "2026-02-01 03:04:00"), ("2026-01-02T03:04:05", "2026-01-02 03:04:05")):
        await moment.fill(typed)
        await leave(page)
        await expect(moment).to_have_value(shown)
    for field, none in ((day, "30.2.2026"), (day, "3/4/2026"), (moment, "2026-01-02 25:00"), (moment, "soon")):
        await field.fill(none)
        await leave(page)
        await page.wait_for_timeout(100)  # in which the calendar would write another day
        await expect(field).to_have_value(none)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Nothing was saved. Correct what is marked below.")).to_be_visible()
    await expect(day).to_have_value("3/4/2026")
    await expect(moment).to_have_value("soon")


async def test_a_day_is_picked_in_place_of_what_is_none(page):
    day = page.get_by_role("textbox", name="Founded on")
    await day.fill("soon")
    await page.locator(".flatpickr-calendar.open .flatpickr-day.today").click()
    await expect(day).to_have_value(await page.locator("html").evaluate("() => new Date().toLocaleDateString('sv-SE')"))


async def test_tab_goes_past_the_calendar_and_writes_nothing_an_arrow_leads_into_it_and_escape_out(page):
    moment = page.get_by_role("textbox", name="Opens at")
    await moment.fill("")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Opens at: Now")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(moment).to_be_focused()
    await expect(moment).to_have_value("")

    calendar = page.locator(".flatpickr-calendar.open")
    await moment.fill("2026-02-01 03:04:05")
    await page.keyboard.press("ArrowDown")
    await expect(calendar.locator(".flatpickr-day.today")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(calendar).to_have_count(0)
    await expect(moment).to_be_focused()
    await expect(moment).to_have_value("2026-02-01 03:04:05")

    day = page.get_by_role("textbox", name="Founded on")
    await day.focus()
    await expect(calendar).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(calendar).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(day).to_be_focused()
    await expect(day).to_have_value(await page.locator("html").evaluate("() => new Date().toLocaleDateString('sv-SE')"))


async def test_in_german_days_are_seen_typed_and_picked_as_german_writes_them_and_iso_8601_is_taken_still(
    page, session
):
    await page.set_extra_http_headers({"Accept-Language": "de"})
    await page.reload()
    await page.get_by_role("tab", name="Times").click()
    day, moment = page.get_by_role("textbox", name="Founded on"), page.get_by_role("textbox", name="Opens at")
    for typed in ("24.12.2026", "2026-12-24", "24. 12. 2026"):
        await day.fill(typed)
        await leave(page)
        await expect(day).to_have_value("24.12.2026")
    for typed in ("24.12.2026 18:00", "2026-12-24 18:00"):
        await moment.fill(typed)
        await leave(page)
        await expect(moment).to_have_value("24.12.2026 18:00:00")
    await page.get_by_role("button", name="Sichern und weiter bearbeiten").click()
    await expect(page.get_by_role("alert")).to_contain_text("wurde gesichert")
    await page.get_by_role("tab", name="Times").click()
    await expect(day).to_have_value("24.12.2026")
    await expect(moment).to_have_value("24.12.2026 18:00:00")
    stored = await session.scalar(select(Workshop.founded_on))
    await session.commit()  # on SQLite nobody else could write
    assert stored == date(2026, 12, 24)

    await page.get_by_role("button", name="Founded on: Heute").click()
    today = "() => new Date().toLocaleDateString('de-DE', { day: '2-digit', month: '2-digit', year: 'numeric' })"
    await expect(day).to_have_value(await page.locator("html").evaluate(today))
    await day.fill("30.2.2026")
    await leave(page)
    await page.get_by_role("button", name="Sichern und weiter bearbeiten").click()
    await expect(page.get_by_text("Das ist kein Datum wie 24.12.2026.")).to_be_visible()
    await expect(day).to_have_value("30.2.2026")


async def test_the_second_of_two_times_stays_the_second_and_neither_is_guessed(page, session):
    later = datetime(2026, 10, 25, 1, 30, 15, tzinfo=UTC)
    await session.execute(update(Workshop).values(opens_at=later))
    await session.commit()
    await page.context.set_extra_http_headers({"Accept-Language": "de"})
    await page.evaluate(SET_ZONE)
    await page.reload()
    await page.get_by_role("tab", name="Times").click()
    moment = page.get_by_role("textbox", name="Opens at")
    await expect(moment).to_have_value("25.10.2026 02:30:15+01:00")
    await moment.click()
    await page.keyboard.press("Escape")
    await page.get_by_role("textbox", name="Founded on").fill("24.12.2026")
    await expect(moment).to_have_value("25.10.2026 02:30:15+01:00")  # which the calendar does not know
    stay = page.get_by_role("button", name="Sichern und weiter bearbeiten")
    await moment.fill("2026-10-25 02:30")
    await leave(page)
    await stay.click()
    await expect(page.get_by_text("02:30+02:00 für das erste oder 02:30+01:00 für das zweite Mal")).to_be_visible()
    assert await session.scalar(select(Workshop.opens_at)) == later
    await session.commit()
    for typed, hour in (("2026-10-25 02:30+02:00", 0), ("25.10.2026 02:30+01:00", 1)):
        await moment.fill(typed)
        await leave(page)
        await expect(moment).to_have_value(typed)
        await stay.click()
        await page.get_by_role("tab", name="Times").click()
        await expect(moment).to_have_value(f"25.10.2026 02:30:00+0{2 - hour}:00")
        assert await session.scalar(select(Workshop.opens_at)) == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        await session.commit()
    await page.clock.set_fixed_time(later)
    await page.get_by_role("button", name="Opens at: Jetzt").click()
    await expect(moment).to_have_value("2026-10-25 02:30:15+01:00")
