"""What others stored meanwhile is taken over, field by field, in a real Chromium; the page can be used by everybody."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from config.settings import Settings
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.festival.models import Band, Booking, Festival, Stage
from tests.contrib.admin.inlines.conftest import FestivalSettings
from tests.contrib.admin.inlines.test_kinds_of_inlines import address, rows
from tests.contrib.admin.inlines.test_polls_in_browser import is_too_wide

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture(scope="session")
def settings_class() -> type[Settings]:
    return FestivalSettings


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_below_each_field_of_a_row_stands_what_others_stored_and_a_button_takes_it(
    browser_page: Page, app, make_user, session, festival
):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await log_in(page, "/admin/", "Welcome")
    await page.goto(f"/admin{address(app, 'edit', festival.id)}")
    await page.get_by_label("Name", exact=True).first.fill("Mine")
    booking = page.locator('[data-inline="booking"] [data-inline-row]').first
    await booking.get_by_label("Fee").fill("60")
    stage = page.locator('[data-inline="stage"] [data-inline-row]').first
    await stage.get_by_label("Name").fill("My stage")
    quiet = await session.scalar(select(Band.id).where(Band.name == "The Quiet"))
    await session.execute(update(Festival).values(name="Theirs"))
    await session.execute(update(Stage).where(Stage.name == "Main").values(name="Their stage"))
    await session.execute(update(Booking).where(Booking.fee == 50).values(fee=55, band_id=quiet))
    await session.commit()
    await page.get_by_role("button", name="Save", exact=True).click()

    await expect(page.get_by_role("alert").first).to_contain_text("What is stored now stands below each field")
    await expect(stage.get_by_role("alert")).to_contain_text("Somebody else changed this")
    await expect(stage.get_by_text("Stored now", exact=True).locator("..")).to_contain_text("Their stage")
    take = booking.get_by_role("button", name="Band: Take this")
    await take.press("Enter")
    await expect(booking.locator(".select2-selection")).to_contain_text("The Quiet")
    await booking.get_by_role("button", name="Band: Take mine back").press("Enter")
    await expect(booking.locator(".select2-selection")).to_contain_text("The Loud")
    await take.press("Enter")
    await booking.get_by_role("button", name="Fee: Take this").press("Enter")
    await expect(booking.get_by_role("textbox", name="Fee")).to_have_value("55")
    await page.get_by_role("button", name="Name: Take this").first.press("Enter")
    await expect(page.get_by_label("Name", exact=True).first).to_have_value("Theirs")
    problems = []
    for width in (1300, 390):
        await page.set_viewport_size({"width": width, "height": 860})
        problems += [f"at {width} px: {one}" for one in await findings(page)]
        assert not await is_too_wide(page), width
    assert "\n".join(problems) == ""
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Theirs was saved.")
    assert await rows(session, Stage.name) == [("My stage",), ("Tent",)]
    assert [one for one in await rows(session, Booking.band_id, Booking.fee) if one[0] == quiet] == [
        (quiet, 55),
        (quiet, 5000),
    ]
