"""What is typed into a form before its scripts have come is warned of, drafted and checked all the same."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tests.contrib.admin.entering import log_in
from tests.contrib.admin.guild.models import Crafter, Rank, Workshop
from tests.contrib.admin.late_scripts import before_scripts
from tests.contrib.admin.leaving import asked_on_leaving

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def page(browser_page: Page, make_user) -> Page:
    """Of a superuser who is logged in."""
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/", "Welcome")
    return browser_page


async def test_what_was_typed_before_the_scripts_came_is_drafted_checked_and_left_after_a_warning(page, workshop):
    async with before_scripts(page, f"/admin/guild/tabbed/{workshop.id}/change/"):
        await page.get_by_label("Rank").select_option(Rank.MASTER.value)
        await page.get_by_label("Facts").fill('{"looms": 3')
        await page.get_by_label("Facts").blur()  # which tells of a change, to nobody yet
    await expect(page.get_by_label("About")).to_be_visible()
    await expect(page.get_by_text("A draft was saved.")).to_be_visible()
    await page.get_by_role("tab", name="Times").click()
    await expect(page.get_by_text("This is not JSON")).to_be_visible()
    assert await asked_on_leaving(page) == "beforeunload"


@pytest.mark.parametrize("view", ["tabbed", "workshop", "boxed", "raw"])
async def test_a_form_that_nobody_typed_into_is_left_without_a_warning(page, session, workshop, view):
    workshop.rank, workshop.facts, workshop.about = Rank.MASTER, {"looms": 3}, "\n\n<b>Looms</b>\r\n\r\nof all kinds\n"
    workshop.name, workshop.opens_at = "  two\nlines ", workshop.opens_at
    await session.commit()
    async with before_scripts(page, f"/admin/guild/{view}/{workshop.id}/change/"):
        await page.get_by_label("Name").focus()
    asked: list[str] = []

    async def note(dialog):
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", note)
    await page.get_by_role("link", name="Cancel").click()
    await expect(page).to_have_url(f"/admin/guild/{view}/")
    assert asked == []


async def test_the_focus_is_taken_from_nobody_who_types_before_the_scripts_came(page, workshop):
    facts = page.get_by_role("textbox", name="Facts")
    async with before_scripts(page, f"/admin/guild/tabbed/{workshop.id}/change/"):
        await facts.focus()
    await expect(page.get_by_role("tab", name="Times")).to_have_attribute("aria-selected", "true")
    await expect(facts).to_be_focused()

    await page.goto("/admin/guild/raw/add/")
    async with before_scripts(page):
        await page.get_by_label("Name").fill("x" * 5000)
        await page.get_by_role("button", name="Save", exact=True).click(no_wait_after=True)
        await expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Helpers").focus()
    await expect(page.get_by_label("Helpers")).to_be_focused()
    await page.reload()
    await expect(page.get_by_label("Name")).to_be_focused()  # the first mistake, where nobody types


async def test_a_key_that_was_typed_before_the_scripts_came_is_named(page, session, workshop):
    async with before_scripts(page, f"/admin/guild/raw/{workshop.id}/change/"):
        await page.get_by_label("Helpers").fill(str(workshop.head_id))
    await expect(page.locator("[data-titles-of='field-helpers']")).to_have_text("Ada")


async def test_what_was_chosen_stays_chosen_where_a_form_is_saved_before_its_scripts_came(page, session, workshop):
    async with before_scripts(page, f"/admin/guild/workshop/{workshop.id}/change/"):
        await page.get_by_label("Name").fill("Great looms")
        await page.get_by_role("button", name="Save", exact=True).click(no_wait_after=True)
        await page.wait_for_url("**/guild/workshop/", wait_until="commit")
    await expect(page.get_by_text("Great looms was saved.")).to_be_visible()
    assert await chosen(session) == ("Great looms", "Ada", ["Weaving"])


async def test_a_related_object_is_chosen_by_its_key_where_no_script_runs(page, session, workshop):
    cookies = await page.context.cookies()
    context = await page.context.browser.new_context(java_script_enabled=False)
    await context.add_cookies(cookies)
    plain = await context.new_page()
    await plain.goto(page.url.replace("/admin/", f"/admin/guild/workshop/{workshop.id}/change/"))
    ben = await session.scalar(select(Crafter.id).where(Crafter.name == "Ben"))
    await session.commit()
    await plain.get_by_label("Head: key").fill(str(ben))
    await plain.get_by_role("button", name="Save", exact=True).click()
    await expect(plain.get_by_text("Looms was saved.")).to_be_visible()
    assert await chosen(session) == ("Looms", "Ben", ["Weaving"])


async def chosen(session) -> tuple[str, str, list[str]]:
    loaded = select(Workshop).options(joinedload(Workshop.head), selectinload(Workshop.skills))
    found = (await session.scalars(loaded.execution_options(populate_existing=True))).one()
    return found.name, found.head.name, [one.name for one in found.skills]
