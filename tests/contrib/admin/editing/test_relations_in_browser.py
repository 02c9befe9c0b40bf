"""An editor chooses, adds and changes related objects in a real Chromium, by keyboard where that is quicker."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tests.contrib.admin.entering import log_in
from tests.contrib.admin.guild.models import Workshop

pytestmark = pytest.mark.browser


@pytest.fixture
async def editor(browser_page: Page, make_user, workshop) -> Page:
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/", "Welcome")
    return browser_page


def field(page: Page, label: str):
    return page.locator(".row", has=page.locator(f'label:text-is("{label}")'))


async def open_form(page: Page, identity: str, key: int) -> None:
    await page.goto(f"/admin/guild/{identity}/{key}/change/")
    await expect(page.get_by_role("heading", name="Looms")).to_be_visible()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_editor_chooses_related_objects_and_makes_them_in_place(editor, session, workshop):
    await open_form(editor, "workshop", workshop.id)
    await expect(editor.locator("html")).to_have_attribute("data-sign", "guild")  # the view's own script

    # Before a letter is typed the first rows are there.
    head, skills = field(editor, "Head"), field(editor, "Skills")
    await head.locator(".select2-selection").click()
    await expect(editor.locator(".select2-results__option")).to_have_text(["Ada", "Ben", "Cid"])
    await editor.keyboard.press("Escape")

    # A tag that is not there yet is made in place.
    await skills.locator(".select2-search__field").press_sequentially("Dyeing")
    await editor.locator(".select2-results__option", has_text="Create “Dyeing”").click()
    await expect(skills.locator(".select2-selection__choice")).to_have_text(
        [re.compile("Weaving"), re.compile("Dyeing")]
    )

    # A related object is added in a window of its own, and is chosen afterwards.
    async with editor.expect_popup() as opened:
        await head.get_by_role("link", name="Add another crafter").click()
    window = await opened.value
    await window.get_by_label("Name").fill("Dora")
    await window.get_by_role("button", name="Save").click()
    await expect(head.locator(".select2-selection__rendered")).to_contain_text("Dora")

    # What is chosen is changed there, too.
    async with editor.expect_popup() as opened:
        await head.get_by_role("link", name="Change the chosen crafter").click()
    window = await opened.value
    await expect(window.get_by_role("heading", name="Dora")).to_be_visible()
    await window.wait_for_load_state()
    await window.get_by_label("Name").fill("Dorothea")
    await window.keyboard.press("Control+s")
    await expect(head.locator(".select2-selection__rendered")).to_contain_text("Dorothea")

    # A key is looked up by keyboard alone.
    await field(editor, "Town").get_by_role("button", name="Look up").focus()
    await editor.keyboard.press("Enter")
    await editor.get_by_role("button", name="Delft").focus()
    await editor.keyboard.press("Enter")
    await expect(field(editor, "Town").locator(".form-hint", has_text="Delft")).to_be_visible()
    await editor.get_by_role("button", name="Save", exact=True).click()
    await expect(editor.get_by_text("Looms was saved.")).to_be_visible()
    options = (selectinload(Workshop.head), selectinload(Workshop.skills), selectinload(Workshop.town))
    saved = await session.scalar(select(Workshop).options(*options).execution_options(populate_existing=True))
    assert (saved.head.name, saved.town.name) == ("Dorothea", "Delft")
    assert {one.name for one in saved.skills} == {"Weaving", "Dyeing"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_editor_moves_related_objects_between_two_boxes_by_keyboard(editor, session, workshop):
    await open_form(editor, "boxed", workshop.id)
    available = editor.get_by_label("Skills: Can be chosen")
    await expect(available.locator("option")).to_have_text(["Woodwork", "Glass"])
    await editor.get_by_label("Skills: Search").fill("gl")
    await expect(available.locator("option")).to_have_text(["Glass"])
    await available.focus()
    await editor.keyboard.press("ArrowDown")
    await editor.keyboard.press("Enter")
    chosen = editor.get_by_label("Skills: Chosen")
    await expect(chosen.locator("option")).to_have_text(["Weaving", "Glass"])
    await chosen.select_option(label="Weaving")
    await field(editor, "Skills").get_by_role("button", name="Remove").click()
    await editor.get_by_label("Helpers: Can be chosen").select_option(label="Ben")
    await field(editor, "Helpers").get_by_role("button", name="Choose").click()
    await editor.get_by_role("button", name="Save", exact=True).click()
    await expect(editor.get_by_text("Looms was saved.")).to_be_visible()
    options = (selectinload(Workshop.helpers), selectinload(Workshop.skills))
    saved = await session.scalar(select(Workshop).options(*options).execution_options(populate_existing=True))
    assert ([one.name for one in saved.skills], [one.name for one in saved.helpers]) == (["Glass"], ["Ben"])
